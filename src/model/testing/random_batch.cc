// SPDX-License-Identifier: Apache-2.0
#include "model/testing/random_batch.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include "base/arena.h"
#include "base/random.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "model/value.h"

namespace waybill::model::testing {
namespace {

constexpr std::array<std::string_view, 12> kPieces = {
    "a",   "key",      "service", ".",    "\"\\/\b\f\n\r\t", std::string_view("\0", 1),
    "<&>", "\x7F\x1B", "é",       "查询", "\U0001F4A9",      "\u2028"};
constexpr std::array<std::string_view, 6> kBrokenPieces = {
    "\xFF", "\xC3", "\xE6\x9F", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80"};
constexpr std::array<std::int64_t, 8> kIntegers = {0,   1,         -1,        127,
                                                   128, INT64_MAX, INT64_MIN, (1LL << 53) + 1};
constexpr std::array<std::uint64_t, 6> kTimes = {
    0, 1, 1'700'000'000'000'000'000U, 1'700'000'000'000'000'001U, (1ULL << 63) + 5, UINT64_MAX};
constexpr std::array<std::uint32_t, 5> kCounts = {0, 0, 1, 300, UINT32_MAX};

class Maker final {
 public:
  Maker(Random& random, Arena& arena, const RandomBatchOptions& options)
      : random_(random), arena_(arena), options_(options) {}

  template <typename T, std::size_t N>
  T one_of(const std::array<T, N>& choices) {
    return choices[random_.below(N)];
  }
  bool chance(std::uint64_t in) { return random_.below(in) == 0; }

  std::string_view text(std::size_t piece_count_max) {
    std::string made;
    for (std::uint64_t left = random_.below(piece_count_max + 1); left > 0; --left) {
      const bool is_broken = options_.text == RandomText::AnyBytes && chance(8);
      made += is_broken ? one_of(kBrokenPieces) : one_of(kPieces);
    }
    return arena_.copy(made);
  }

  double number() {
    using Limits = std::numeric_limits<double>;
    const std::array<double, 9> odd = {0.0,
                                       -0.0,
                                       1e300,
                                       -1e16,
                                       0.1,
                                       Limits::denorm_min(),
                                       Limits::quiet_NaN(),
                                       Limits::infinity(),
                                       -Limits::infinity()};
    return chance(2) ? one_of(odd) : (random_.unit() - 0.5) * 1e6;
  }

  Value value(int depth) {
    const bool is_leaf = depth >= options_.value_depth_max;
    switch (random_.below(is_leaf ? 6 : 8)) {
      case 0:
        return {};
      case 1:
        return Value::of_string(text(6));
      case 2:
        return Value::of_bool(chance(2));
      case 3:
        return Value::of_int(chance(2) ? one_of(kIntegers)
                                       : static_cast<std::int64_t>(random_.next()));
      case 4:
        return Value::of_double(number());
      case 5:
        return Value::of_bytes(bytes());
      case 6:
        return array(depth);
      default:
        return Value::of_kvlist(attributes(4, depth + 1));
    }
  }

  std::span<const Attribute> attributes(std::uint64_t count_max, int depth = 1) {
    std::vector<Attribute> made(random_.below(count_max + 1));
    for (Attribute& attribute : made) {
      attribute = {text(3), value(depth)};
    }
    return arena_.copy(std::span<const Attribute>(made));
  }

  const Resource* resource() {
    Resource made;
    made.attributes = attributes(6);
    made.dropped_attributes_count = one_of(kCounts);
    made.schema_url = text(2);
    made.service = service_of(made.attributes);
    return keep(made);
  }

  const Scope* scope(const Resource* resource) {
    Scope made;
    made.name = text(2);
    made.version = text(1);
    made.attributes = attributes(2);
    made.dropped_attributes_count = one_of(kCounts);
    made.schema_url = text(1);
    made.resource = resource;
    return keep(made);
  }

  Span span(const Scope* scope) {
    Span made;
    made.trace_id = {random_.below(3), random_.next() | 1};
    made.span_id = {random_.next() | 1};
    made.parent_span_id = {chance(2) ? 0 : random_.next()};
    made.start = one_of(kTimes);
    made.end = one_of(kTimes);
    made.name = text(5);
    made.attributes = attributes(12);
    made.events = events();
    made.links = links();
    made.trace_state = text(2);
    made.status_message = text(2);
    made.scope = scope;
    constexpr std::array<std::int32_t, 9> kKinds = {0, 1, 2, 3, 4, 5, 99, -1, INT32_MIN};
    made.kind = static_cast<SpanKind>(one_of(kKinds));
    constexpr std::array<std::int32_t, 5> kStatuses = {0, 1, 2, 7, -3};
    made.status = static_cast<StatusCode>(one_of(kStatuses));
    made.flags = chance(2) ? 0x301 : static_cast<std::uint32_t>(random_.next());
    made.dropped_attributes_count = one_of(kCounts);
    made.dropped_events_count = one_of(kCounts);
    made.dropped_links_count = one_of(kCounts);
    return made;
  }

 private:
  template <typename T>
  const T* keep(const T& made) {
    return std::construct_at(reinterpret_cast<T*>(arena_.allocate(sizeof(T))), made);
  }

  std::string_view bytes() {
    std::string made(random_.below(9), '\0');
    for (char& byte : made) {
      byte = static_cast<char>(random_.next());
    }
    return arena_.copy(made);
  }

  Value array(int depth) {
    std::vector<Value> made(random_.below(5));
    for (Value& item : made) {
      item = value(depth + 1);
    }
    return Value::of_array(arena_.copy(std::span<const Value>(made)));
  }

  std::span<const Event> events() {
    std::vector<Event> made(random_.below(3));
    for (Event& event : made) {
      event = {one_of(kTimes), text(2), attributes(3), one_of(kCounts)};
    }
    return arena_.copy(std::span<const Event>(made));
  }

  std::span<const Link> links() {
    std::vector<Link> made(random_.below(3));
    for (Link& link : made) {
      if (!chance(4)) {
        link.trace_id = {random_.next(), random_.next()};
        link.span_id = {random_.next()};
      }
      link.trace_state = text(2);
      link.attributes = attributes(3);
      link.dropped_attributes_count = one_of(kCounts);
      link.flags = static_cast<std::uint32_t>(random_.next());
    }
    return arena_.copy(std::span<const Link>(made));
  }

  Random& random_;
  Arena& arena_;
  const RandomBatchOptions& options_;
};

}  // namespace

SpanBatch make_random_batch(Random& random, const RandomBatchOptions& options) {
  SpanBatch batch;
  Maker maker(random, batch.arena(), options);
  const Resource* resource = maker.resource();
  const Scope* scope = maker.scope(resource);
  for (std::size_t i = 0; i < options.span_count; ++i) {
    if (maker.chance(10)) {
      resource = maker.resource();
      scope = maker.scope(resource);
    } else if (maker.chance(5)) {
      scope = maker.scope(resource);
    }
    batch.add(maker.span(scope));
  }
  return batch;
}

Value make_random_value(Random& random, Arena& arena, const RandomBatchOptions& options) {
  return Maker(random, arena, options).value(1);
}

}  // namespace waybill::model::testing
