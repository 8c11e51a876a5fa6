// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "generate/shop.h"
#include "model/ids.h"

namespace waybill::generate {

// What all spans of a trace have in common.
struct TraceContext {
  model::TraceId trace_id;
  std::uint32_t user = 0;     // below 10^7
  std::uint32_t order = 0;    // below 10^9
  std::uint32_t product = 0;  // below 10^6
  std::uint64_t session[2] = {};
  std::uint64_t cart[2] = {};
};

// What one span has for itself.
struct SpanFields {
  model::SpanId span_id;
  model::SpanId parent_span_id;
  UnixNanos start = 0;
  UnixNanos end = 0;
  std::uint8_t instance = 0;       // of the span's own service
  std::uint8_t peer_instance = 0;  // of the service at the other end
};

// Which of the looks of an operation a span has. Plain ones differ in details such as the browser.
enum class Look : std::uint8_t { Plain0, Plain1, Plain2, HandledException, Failed };
inline constexpr std::size_t kLookCount = 5;
inline constexpr std::size_t kPlainLookCount = 3;

enum class ParentField : std::uint8_t { Written, Absent };

// An encoded OTLP Span, tag and length included, in which everything that differs from span to span
// has a fixed width and place: writing a span is a copy and some patches, which costs less than
// encoding it field by field.
class SpanTemplate final {
 public:
  SpanTemplate() = default;
  SpanTemplate(const Shop& shop, const Operation& operation, Look look, ParentField parent);

  // Appends one span. `random` gives the values that belong to the span alone.
  void append(const TraceContext& trace, const SpanFields& fields, Random& random,
              std::string& out) const;

  std::size_t size_bytes() const { return bytes_.size(); }

  enum class PatchKind : std::uint8_t {
    TraceId,
    SpanId,
    ParentId,
    Start,
    End,
    EventTime,
    User,
    Order,
    Product,
    Session,
    Cart,
    Uuid,
    Octet,
    Instance,
    Peer,
    Port,
    Partition,
    SmallInt,
    MediumInt,
    LargeInt
  };
  struct Patch {
    std::uint32_t offset = 0;
    PatchKind kind = PatchKind::TraceId;
  };

 private:
  std::string bytes_;
  std::vector<Patch> patches_;
};

// An encoded OTLP Resource of one instance of a service, without tag and length: eight attributes.
std::string encode_resource(const Service& service, std::size_t service_index, std::size_t instance,
                            Random& random);
// An encoded InstrumentationScope, likewise.
std::string encode_scope(const Service& service, std::size_t scope);

// Appends a protobuf tag of wire type 2, a length and the bytes.
void append_message(std::string& out, std::uint32_t field, std::string_view bytes);
void append_varint(std::string& out, std::uint64_t value);

}  // namespace waybill::generate
