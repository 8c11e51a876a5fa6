// SPDX-License-Identifier: Apache-2.0
#include "generate/span_template.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/random.h"
#include "base/text.h"
#include "generate/shop.h"
#include "generate/span_attributes.h"
#include "model/span.h"

namespace waybill::generate {
namespace {

using PatchKind = SpanTemplate::PatchKind;
using Patch = SpanTemplate::Patch;

struct Placeholder {
  std::string_view name;
  PatchKind kind;
  std::size_t width;
};

constexpr std::array kPlaceholders = std::to_array<Placeholder>({
    {"user", PatchKind::User, 7},
    {"order", PatchKind::Order, 9},
    {"product", PatchKind::Product, 6},
    {"session", PatchKind::Session, 36},
    {"cart", PatchKind::Cart, 36},
    {"uuid", PatchKind::Uuid, 36},
    {"octet", PatchKind::Octet, 3},
    {"instance", PatchKind::Instance, 3},
    {"peer", PatchKind::Peer, 3},
    {"port", PatchKind::Port, 5},
    {"partition", PatchKind::Partition, 1},
});

const Placeholder& find_placeholder(std::string_view name) {
  for (const Placeholder& placeholder : kPlaceholders) {
    if (placeholder.name == name) {
      return placeholder;
    }
  }
  CHECK(false);
  return kPlaceholders.front();
}

// Bytes of a message under construction and where they are to be patched. Messages are nested by
// value; offsets move when one is put into another.
struct Draft {
  std::string bytes;
  std::vector<Patch> patches;

  void tag(std::uint32_t field, std::uint32_t wire_type) {
    append_varint(bytes, (std::uint64_t{field} << 3) | wire_type);
  }
  void patch(PatchKind kind, std::size_t width) {
    patches.push_back({static_cast<std::uint32_t>(bytes.size()), kind});
    bytes.append(width, '0');
  }
  void id(std::uint32_t field, PatchKind kind, std::size_t width) {
    tag(field, 2);
    append_varint(bytes, width);
    patch(kind, width);
  }
  void fixed64(std::uint32_t field, PatchKind kind) {
    tag(field, 1);
    patch(kind, 8);
  }
  void fixed32(std::uint32_t field, std::uint32_t value) {
    tag(field, 5);
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<char>((value >> shift) & 0xff));
    }
  }
  void varint(std::uint32_t field, std::uint64_t value) {
    tag(field, 0);
    append_varint(bytes, value);
  }
  void text(std::uint32_t field, std::string_view value) { append_message(bytes, field, value); }
  void message(std::uint32_t field, const Draft& inner) {
    tag(field, 2);
    append_varint(bytes, inner.bytes.size());
    const auto base = static_cast<std::uint32_t>(bytes.size());
    for (const Patch& patch : inner.patches) {
      patches.push_back({base + patch.offset, patch.kind});
    }
    bytes += inner.bytes;
  }
};

// Replaces each {name} by room for its value.
Draft expand(std::string_view text) {
  Draft draft;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    draft.bytes += text.substr(0, open);
    if (open == std::string_view::npos) {
      break;
    }
    const std::size_t close = text.find('}', open);
    CHECK(close != std::string_view::npos);
    const Placeholder& placeholder = find_placeholder(text.substr(open + 1, close - open - 1));
    draft.patch(placeholder.kind, placeholder.width);
    text.remove_prefix(close + 1);
  }
  return draft;
}

// AnyValue of one attribute.
Draft value_of(const AttributeText& attribute) {
  Draft value;
  switch (attribute.number_kind) {
    case NumberKind::None:
      value.message(1, expand(attribute.text));
      break;
    case NumberKind::Fixed:
      value.varint(3, static_cast<std::uint64_t>(attribute.number));
      break;
    case NumberKind::Flag:
      value.varint(2, static_cast<std::uint64_t>(attribute.number));
      break;
    case NumberKind::Small:
      value.tag(3, 0);
      value.patch(PatchKind::SmallInt, 1);
      break;
    case NumberKind::Medium:
      value.tag(3, 0);
      value.patch(PatchKind::MediumInt, 2);
      break;
    case NumberKind::Large:
      value.tag(3, 0);
      value.patch(PatchKind::LargeInt, 3);
      break;
  }
  return value;
}

void add_attribute(Draft& owner, std::uint32_t field, const AttributeText& attribute) {
  Draft pair;
  pair.text(1, attribute.key);
  pair.message(2, value_of(attribute));
  owner.message(field, pair);
}

// Text that is not to be expanded: stack traces hold braces.
void add_plain_attribute(Draft& owner, std::uint32_t field, std::string_view key,
                         std::string_view text) {
  Draft value;
  value.text(1, text);
  Draft pair;
  pair.text(1, key);
  pair.message(2, value);
  owner.message(field, pair);
}

void add_exception(Draft& span, const ExceptionText& exception) {
  Draft event;
  event.fixed64(1, PatchKind::EventTime);
  event.text(2, "exception");
  add_plain_attribute(event, 3, "exception.type", exception.type);
  add_plain_attribute(event, 3, "exception.message", exception.message);
  add_plain_attribute(event, 3, "exception.stacktrace", exception.stack_trace);
  span.message(11, event);
}

// A consumer both is a child of its message's producer and links to it.
void add_link_to_parent(Draft& span) {
  Draft link;
  link.id(1, PatchKind::TraceId, 16);
  link.id(2, PatchKind::ParentId, 8);
  link.fixed32(6, 0x301);
  span.message(13, link);
}

constexpr std::uint32_t kFlagsSampled = 0x1;
constexpr std::uint32_t kFlagsRemoteKnown = 0x100;
constexpr std::uint32_t kFlagsRemote = 0x200;

std::uint32_t flags_of(const Operation& operation, ParentField parent) {
  const bool is_entry = operation.shape == SpanShape::HttpServer ||
                        operation.shape == SpanShape::GrpcServer ||
                        operation.shape == SpanShape::Consumer;
  const bool is_remote = is_entry && parent == ParentField::Written;
  return kFlagsSampled | kFlagsRemoteKnown | (is_remote ? kFlagsRemote : 0);
}

void put_digits(char* at, std::size_t width, std::uint64_t value) {
  for (std::size_t i = width; i-- > 0;) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

constexpr std::array<char, 512> make_hex_pairs() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = kDigits[i >> 4];
    pairs[2 * i + 1] = kDigits[i & 15];
  }
  return pairs;
}
constexpr std::array<char, 512> kHexPairs = make_hex_pairs();

void put_hex(char*& at, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    std::memcpy(at, kHexPairs.data() + 2 * ((value >> shift) & 0xff), 2);
    at += 2;
  }
}

// A version 4 UUID in its usual form, 8-4-4-4-12.
void put_uuid(char* at, std::uint64_t high, std::uint64_t low) {
  high = (high & ~std::uint64_t{0xf000}) | 0x4000;
  low = (low & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
  put_hex(at, high >> 32, 4);
  *at++ = '-';
  put_hex(at, high >> 16, 2);
  *at++ = '-';
  put_hex(at, high, 2);
  *at++ = '-';
  put_hex(at, low >> 48, 2);
  *at++ = '-';
  put_hex(at, low, 6);
}

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they are");

void put_little_endian(char* at, std::uint64_t value) { std::memcpy(at, &value, sizeof value); }

void put_big_endian(char* at, std::uint64_t value) {
  put_little_endian(at, __builtin_bswap64(value));
}

// A varint of exactly `width` bytes, for a value that needs as many.
void put_varint(char* at, std::size_t width, std::uint64_t value) {
  for (std::size_t i = 0; i < width; ++i) {
    const std::uint64_t more = i + 1 < width ? 0x80 : 0;
    at[i] = static_cast<char>((value & 0x7f) | more);
    value >>= 7;
  }
}

std::uint64_t address_octet(std::uint8_t instance) { return 100U + instance * 7U; }

// The patches that only the identity and the times of a span need.
bool put_identity(char* at, PatchKind kind, const TraceContext& trace, const SpanFields& fields) {
  switch (kind) {
    case PatchKind::TraceId:
      put_big_endian(at, trace.trace_id.high);
      put_big_endian(at + 8, trace.trace_id.low);
      return true;
    case PatchKind::SpanId:
      put_big_endian(at, fields.span_id.value);
      return true;
    case PatchKind::ParentId:
      put_big_endian(at, fields.parent_span_id.value);
      return true;
    case PatchKind::Start:
      put_little_endian(at, fields.start);
      return true;
    case PatchKind::End:
      put_little_endian(at, fields.end);
      return true;
    case PatchKind::EventTime:
      put_little_endian(at, fields.end - (fields.end - fields.start) / 8);
      return true;
    default:
      return false;
  }
}

void put_value(char* at, PatchKind kind, const TraceContext& trace, const SpanFields& fields,
               Random& random) {
  switch (kind) {
    case PatchKind::User:
      return put_digits(at, 7, trace.user);
    case PatchKind::Order:
      return put_digits(at, 9, trace.order);
    case PatchKind::Product:
      return put_digits(at, 6, trace.product);
    case PatchKind::Session:
      return put_uuid(at, trace.session[0], trace.session[1]);
    case PatchKind::Cart:
      return put_uuid(at, trace.cart[0], trace.cart[1]);
    case PatchKind::Uuid: {
      const std::uint64_t high = random.next();
      return put_uuid(at, high, random.next());
    }
    case PatchKind::Octet:
      return put_digits(at, 3, 100 + random.below(150));
    case PatchKind::Instance:
      return put_digits(at, 3, address_octet(fields.instance));
    case PatchKind::Peer:
      return put_digits(at, 3, address_octet(fields.peer_instance));
    case PatchKind::Port:
      return put_digits(at, 5, 32768 + random.below(28232));
    case PatchKind::Partition:
      return put_digits(at, 1, random.below(10));
    case PatchKind::SmallInt:
      return put_varint(at, 1, 1 + random.below(100));
    case PatchKind::MediumInt:
      return put_varint(at, 2, 128 + random.below(16000));
    case PatchKind::LargeInt:
      return put_varint(at, 3, 16384 + random.below(2000000));
    default:
      return;
  }
}

struct ScopeName {
  std::string_view server;
  std::string_view client;
  std::string_view database;
  std::string_view version;
};

ScopeName scope_names(std::string_view language) {
  if (language == "go") {
    return {"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
            "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
            "github.com/XSAM/otelsql", "0.57.0"};
  }
  if (language == "python") {
    return {"opentelemetry.instrumentation.asgi", "opentelemetry.instrumentation.grpc",
            "opentelemetry.instrumentation.psycopg", "0.49b2"};
  }
  if (language == "nodejs") {
    return {"@opentelemetry/instrumentation-http", "@opentelemetry/instrumentation-grpc",
            "@opentelemetry/instrumentation-pg", "0.55.0"};
  }
  if (language == "dotnet") {
    return {"Microsoft.AspNetCore", "System.Net.Http", "OpenTelemetry.Instrumentation.SqlClient",
            "1.10.0"};
  }
  return {"io.opentelemetry.grpc-1.6", "io.opentelemetry.apache-httpclient-5.2",
          "io.opentelemetry.jdbc", "2.10.0-alpha"};
}

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void append_message(std::string& out, std::uint32_t field, std::string_view bytes) {
  append_varint(out, (std::uint64_t{field} << 3) | 2);
  append_varint(out, bytes.size());
  out += bytes;
}

SpanTemplate::SpanTemplate(const Shop& shop, const Operation& operation, Look look,
                           ParentField parent) {
  Draft span;
  span.id(1, PatchKind::TraceId, 16);
  span.id(2, PatchKind::SpanId, 8);
  if (parent == ParentField::Written) {
    span.id(4, PatchKind::ParentId, 8);
  }
  span.text(5, operation.name);
  span.varint(6, static_cast<std::uint64_t>(operation.kind));
  span.fixed64(7, PatchKind::Start);
  span.fixed64(8, PatchKind::End);
  for (const AttributeText& attribute : attributes_of(shop, operation, look)) {
    add_attribute(span, 9, attribute);
  }
  if (look == Look::HandledException || look == Look::Failed) {
    add_exception(span, exception_of(shop, operation, look));
  }
  if (operation.shape == SpanShape::Consumer && parent == ParentField::Written) {
    add_link_to_parent(span);
  }
  if (look == Look::Failed) {
    Draft status;
    status.text(2, exception_of(shop, operation, look).message);
    status.varint(3, static_cast<std::uint64_t>(model::StatusCode::Error));
    span.message(15, status);
  }
  span.fixed32(16, flags_of(operation, parent));

  Draft whole;
  whole.message(2, span);  // ScopeSpans.spans
  bytes_ = std::move(whole.bytes);
  patches_ = std::move(whole.patches);
}

void SpanTemplate::append(const TraceContext& trace, const SpanFields& fields, Random& random,
                          std::string& out) const {
  const std::size_t base = out.size();
  out.append(bytes_);
  char* const span = out.data() + base;
  for (const Patch& patch : patches_) {
    char* const at = span + patch.offset;
    if (!put_identity(at, patch.kind, trace, fields)) {
      put_value(at, patch.kind, trace, fields, random);
    }
  }
}

std::string encode_resource(const Service& service, std::size_t service_index, std::size_t instance,
                            Random& random) {
  std::string uuid(36, '0');
  const std::uint64_t high = random.next();
  put_uuid(uuid.data(), high, random.next());
  std::string suffix;
  append_hex(suffix, random.next(), 5);
  Draft resource;
  add_plain_attribute(resource, 1, "service.name", service.name);
  add_plain_attribute(resource, 1, "service.namespace", "shop");
  add_plain_attribute(resource, 1, "service.version", service.version);
  add_plain_attribute(resource, 1, "service.instance.id", uuid);
  add_plain_attribute(resource, 1, "deployment.environment.name", "production");
  add_plain_attribute(resource, 1, "k8s.pod.name", fmt::format("{}-{}", service.name, suffix));
  add_plain_attribute(
      resource, 1, "host.name",
      fmt::format("node-{:02}", 1 + (service_index * kInstanceCount + instance) % 8));
  add_plain_attribute(resource, 1, "telemetry.sdk.language", service.language);
  return resource.bytes;
}

std::string encode_scope(const Service& service, std::size_t scope) {
  const ScopeName names = scope_names(service.language);
  const std::string own = fmt::format("shop.{}", service.name);
  const std::array<std::string_view, kScopeCount> by_index = {names.server, names.client,
                                                              names.database, own};
  Draft draft;
  draft.text(1, by_index.at(scope));
  draft.text(2, scope + 1 == kScopeCount ? service.version : names.version);
  return draft.bytes;
}

}  // namespace waybill::generate
