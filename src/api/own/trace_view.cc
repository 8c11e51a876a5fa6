// SPDX-License-Identifier: Apache-2.0
#include "api/own/trace_view.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "model/span.h"
#include "query/trace_tree.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"

//   0        4        8                     8+n, padded with spaces to a multiple of 8
//   +--------+--------+---------------------+----------------------------------
//   | "WBT1" | n: u32 | header: n bytes JSON| sections, each at a multiple of 8
//   +--------+--------+---------------------+----------------------------------
//
// docs/formats/trace-view.md is the description; all numbers are little endian.
namespace waybill::api::own {
namespace {

static_assert(std::endian::native == std::endian::little,
              "arrays are written as they lie in memory");

struct Section {
  std::string_view name;
  std::string_view type;
  std::size_t offset = 0;
  std::size_t count = 0;
};

// Arrays one after the other, and where each begins.
class Sections final {
 public:
  template <typename T>
  void add(std::string_view name, std::string_view type, const std::vector<T>& values) {
    list_.push_back({name, type, bytes_.size(), values.size()});
    if (!values.empty()) {
      bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    }
    bytes_.append((8 - bytes_.size() % 8) % 8, '\0');
  }

  const std::vector<Section>& list() const { return list_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::vector<Section> list_;
  std::string bytes_;
};

// Numbers texts in order of first use.
class Numbers final {
 public:
  std::uint32_t number(std::string_view text) {
    const auto [entry, is_new] =
        numbers_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
    if (is_new) {
      texts_.push_back(text);
    }
    return entry->second;
  }
  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<std::string_view> texts_;
};

double micros(std::int64_t nanos) { return static_cast<double>(nanos) / 1000.0; }

// 64-bit times that lie before the epoch come out negative.
double micros_after(UnixNanos time, UnixNanos epoch) {
  return micros(static_cast<std::int64_t>(time - epoch));
}

// Numbers that the format does not name are 255.
std::uint8_t small(std::int32_t number, std::int32_t largest_known) {
  return number >= 0 && number <= largest_known ? static_cast<std::uint8_t>(number) : 255;
}

std::uint16_t count16(std::size_t count) {
  return static_cast<std::uint16_t>(std::min<std::size_t>(count, UINT16_MAX));
}

// Big endian, as ids go over the wire.
void append_id(std::vector<std::uint8_t>& out, std::uint64_t id) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(id >> shift));
  }
}

// Gathers the columns row by row, then lays them out.
class Columns final {
 public:
  Columns(const storage::Trace& trace, const query::TraceTree& tree) : trace_(trace), tree_(tree) {
    for (std::size_t row = 0; row < trace.spans.size(); ++row) {
      add(row, *trace.spans[row]);
    }
  }

  Sections lay_out() const {
    Sections sections;
    sections.add("start", "f64", start_);
    sections.add("duration", "f64", duration_);
    sections.add("parent", "i32", tree_.parent);
    sections.add("name", "u32", name_);
    sections.add("service", "u32", service_);
    sections.add("kind", "u8", kind_);
    sections.add("status", "u8", status_);
    sections.add("marks", "u8", marks_);
    sections.add("events", "u16", events_);
    sections.add("links", "u16", links_);
    sections.add("event_row", "u32", event_row_);
    sections.add("event_time", "f64", event_time_);
    sections.add("span_id", "u8", span_id_);
    sections.add("missing_parent", "u8", missing_parent_);
    return sections;
  }

  const std::vector<std::string_view>& strings() const { return strings_.texts(); }
  // String numbers of the services, in order of first use.
  const std::vector<std::uint32_t>& services() const { return service_strings_; }

 private:
  void add(std::size_t row, const model::Span& span) {
    start_.push_back(micros_after(span.start, trace_.start));
    duration_.push_back(micros(span.duration()));
    name_.push_back(strings_.number(span.name));
    service_.push_back(service_number(span.service()));
    kind_.push_back(small(static_cast<std::int32_t>(span.kind), 5));
    status_.push_back(small(static_cast<std::int32_t>(span.status), 2));
    marks_.push_back(static_cast<std::uint8_t>((tree_.shares_id[row] ? 1 : 0) |
                                               (tree_.cuts_cycle[row] ? 2 : 0)));
    events_.push_back(count16(span.events.size()));
    links_.push_back(count16(span.links.size()));
    append_id(span_id_, span.span_id.value);
    append_id(missing_parent_, tree_.is_orphan(row) ? span.parent_span_id.value : 0);
    for (const model::Event& event : span.events) {
      if (event_row_.size() == kViewEventCountMax) {
        return;
      }
      event_row_.push_back(static_cast<std::uint32_t>(row));
      event_time_.push_back(micros_after(event.time, trace_.start));
    }
  }

  std::uint32_t service_number(std::string_view service) {
    const std::uint32_t number = services_.number(service);
    if (number == service_strings_.size()) {
      service_strings_.push_back(strings_.number(service));
    }
    return number;
  }

  const storage::Trace& trace_;
  const query::TraceTree& tree_;
  Numbers strings_;
  Numbers services_;
  std::vector<std::uint32_t> service_strings_;
  std::vector<double> start_;
  std::vector<double> duration_;
  std::vector<std::uint32_t> name_;
  std::vector<std::uint32_t> service_;
  std::vector<std::uint8_t> kind_;
  std::vector<std::uint8_t> status_;
  std::vector<std::uint8_t> marks_;
  std::vector<std::uint16_t> events_;
  std::vector<std::uint16_t> links_;
  std::vector<std::uint32_t> event_row_;
  std::vector<double> event_time_;
  std::vector<std::uint8_t> span_id_;
  std::vector<std::uint8_t> missing_parent_;
};

std::string print_header(const storage::Trace& trace, const Columns& columns,
                         const Sections& sections) {
  std::string out;
  wire::JsonWriter json(out);
  json.begin_object().field("version", 1).field("traceId", trace.id.hex());
  json.field("spanCount", std::uint64_t{trace.spans.size()});
  json.key("epochUnixNano").quoted(trace.start);
  json.key("durationNano").quoted(trace.end > trace.start ? trace.end - trace.start : UnixNanos{0});
  json.key("strings").begin_array();
  for (const std::string_view text : columns.strings()) {
    json.value(text);
  }
  json.end_array().key("services").begin_array();
  for (const std::uint32_t number : columns.services()) {
    json.value(number);
  }
  json.end_array().key("sections").begin_array();
  for (const Section& section : sections.list()) {
    json.begin_object().field("name", section.name).field("type", section.type);
    json.field("offset", std::uint64_t{section.offset});
    json.field("count", std::uint64_t{section.count}).end_object();
  }
  json.end_array().end_object();
  out.append((8 - out.size() % 8) % 8, ' ');
  return out;
}

}  // namespace

std::string make_trace_view(const storage::Trace& trace, const query::TraceTree& tree) {
  const Columns columns(trace, tree);
  const Sections sections = columns.lay_out();
  const std::string header = print_header(trace, columns, sections);
  const auto header_bytes = static_cast<std::uint32_t>(header.size());
  std::string out;
  out.reserve(8 + header.size() + sections.bytes().size());
  out += "WBT1";
  out.append(reinterpret_cast<const char*>(&header_bytes), sizeof(header_bytes));
  out += header;
  out += sections.bytes();
  return out;
}

}  // namespace waybill::api::own
