// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a group (docs/formats/block.md):
//
//   +--------------+--------+---------+----------------------------------------+-- -+------+
//   | shape of each| traces | foreign | field: heads, body, pool, texts, filter|    | head |
//   | row, 3 tables|        | parents | (parts that are empty take no bytes)   |    |      |
//   +--------------+--------+---------+----------------------------------------+-- -+------+
//
// The group's head says which shapes are there; a field's heads, of each column its kind, its
// bounds and its constants. Both are small and tell whether anything else must be read.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "model/value.h"
#include "storage/block/block_format.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/bloom_filter.h"
#include "storage/block/codec/int_run.h"
#include "storage/block/codec/text_pattern.h"
#include "storage/block/write/group_builder.h"
#include "storage/block/write/schema_builder.h"

namespace waybill::storage {
namespace {

// Fewer texts are compared sooner than a filter is read.
constexpr std::size_t kFilteredTextsMin = 64;
// Texts that take less room than this on average are read instead of a filter.
constexpr std::size_t kFilteredTextBytesMin = 6;
// Patterns of one field; texts of further ones are stored plain.
constexpr std::size_t kPatternsMax = 4096;
// Of this many texts half must have a known pattern.
constexpr std::uint32_t kPatternTries = 256;

void write_inline_run(std::span<const std::uint64_t> values, ByteWriter& out) {
  std::string body;
  write_int_run(values, out, body);
  out.raw(body);
}

// Texts of one field taken apart.
struct SplitTexts {
  std::vector<std::uint64_t> patterns;  // of each text: 0 plain, else 1 + place in `used`
  std::vector<std::uint32_t> used;      // the block's number of each pattern
  std::vector<std::vector<std::vector<std::uint64_t>>> numbers;  // by place, then by number
  std::vector<std::uint64_t> plain_bytes;                        // of each plain text
  std::string plain;
};

class Splitter final {
 public:
  explicit Splitter(BuildField& field) : field_(field) {}

  SplitTexts run(std::span<const std::string_view> texts) {
    out_.patterns.reserve(texts.size());
    for (const std::string_view text : texts) {
      out_.patterns.push_back(split(text));
    }
    return std::move(out_);
  }

 private:
  bool is_hopeless() const {
    return field_.type != model::ValueType::String ||
           (field_.pattern_tries >= kPatternTries &&
            field_.pattern_misses * 2 > field_.pattern_tries);
  }

  std::uint64_t split(std::string_view text) {
    if (is_hopeless() || !take_apart(text)) {
      out_.plain_bytes.push_back(text.size());
      out_.plain += text;
      return 0;
    }
    const std::size_t place = place_of(code_);
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      out_.numbers[place][i].push_back(numbers_[i]);
    }
    return place + 1;
  }

  bool take_apart(std::string_view text) {
    ++field_.pattern_tries;
    if (!split_pattern(text, pattern_, numbers_)) {
      ++field_.pattern_misses;
      return false;
    }
    const std::size_t known = field_.patterns.size();
    if (known >= kPatternsMax) {
      const auto found = field_.patterns.find(pattern_);
      field_.pattern_misses += found.has_value() ? 0 : 1;
      code_ = found.value_or(0);
      return found.has_value();
    }
    code_ = field_.patterns.add(pattern_);
    field_.pattern_misses += field_.patterns.size() > known ? 1 : 0;
    return true;
  }

  std::size_t place_of(std::uint32_t code) {
    if (places_.size() <= code) {
      places_.resize(code + std::size_t{1}, SIZE_MAX);
    }
    if (places_[code] == SIZE_MAX) {
      places_[code] = out_.used.size();
      out_.used.push_back(code);
      out_.numbers.emplace_back(numbers_.size());
    }
    return places_[code];
  }

  BuildField& field_;
  SplitTexts out_;
  std::vector<std::size_t> places_;  // of a pattern's code
  std::string pattern_;
  std::vector<std::uint64_t> numbers_;
  std::uint32_t code_ = 0;
};

}  // namespace

PartRef GroupBuilder::append_part(std::string raw, Squeeze squeeze) {
  PackedPart part = pack_part(std::move(raw), squeeze, zstd_level_);
  out_ += part.bytes;
  return part.ref;
}

// Which shapes the rows have, and how many of each; then the place of each row's shape in that
// list.
void GroupBuilder::encode_tables(ByteWriter& head) {
  std::array<PartRef, kRowTableCount> parts;
  for (std::size_t table = 0; table < kRowTableCount; ++table) {
    std::vector<std::uint32_t>& present = shapes_[table];
    std::sort(present.begin(), present.end());
    head.varint(rows_[table].size());
    head.varint(present.size());
    std::vector<std::uint32_t> places(schema_.shape_count());
    std::uint32_t before = 0;
    for (std::uint32_t i = 0; i < present.size(); ++i) {
      head.varint(present[i] - before);
      head.varint(schema_.shape(present[i]).row_count);
      before = present[i];
      places[present[i]] = i;
    }
    if (present.size() < 2) {
      continue;
    }
    const std::size_t width = present.size() <= 1 << 8 ? 1 : present.size() <= 1 << 16 ? 2 : 4;
    std::string bytes(rows_[table].size() * width, '\0');
    for (std::size_t row = 0; row < rows_[table].size(); ++row) {
      const std::uint32_t place = places[rows_[table][row]];
      std::memcpy(bytes.data() + row * width, &place, width);
    }
    parts[table] = append_part(std::move(bytes), Squeeze::Try);
  }
  for (const PartRef& part : parts) {
    write_part_ref(part, head);
  }
}

void GroupBuilder::encode_traces(ByteWriter& head) {
  ByteWriter out;
  std::vector<std::uint64_t> counts;
  std::vector<std::uint64_t> starts;
  std::vector<std::uint64_t> lengths;
  UnixNanos before = traces_.empty() ? 0 : traces_.front().start;
  for (const TraceRow& trace : traces_) {
    out.fixed64(trace.id.high);
    out.fixed64(trace.id.low);
    counts.push_back(trace.span_count);
    starts.push_back(trace.start - before);
    lengths.push_back(trace.end - trace.start);
    before = trace.start;
  }
  write_inline_run(counts, out);
  write_inline_run(starts, out);
  write_inline_run(lengths, out);
  write_part_ref(append_part(std::move(out.bytes()), Squeeze::None), head);
  ByteWriter parents;
  parents.varint(foreign_parents_.size());
  write_inline_run(foreign_parents_, parents);
  write_part_ref(append_part(std::move(parents.bytes()), Squeeze::None), head);
}

// Texts that have no code: how many distinct ones each trace has, then the texts, taken apart where
// that helps.
std::array<PartRef, 3> GroupBuilder::encode_pool(std::uint32_t number, FieldBytes& bytes) {
  std::array<PartRef, 3> parts;
  if (pools_.size() <= number || pools_[number].texts.empty()) {
    return parts;
  }
  Pool& pool = pools_[number];
  pool.counts.resize(traces_.size());
  const SplitTexts split = Splitter(schema_.field(number)).run(pool.texts);
  ByteWriter out;
  write_inline_run(pool.counts, out);
  write_inline_run(split.patterns, out);
  out.varint(split.used.size());
  for (std::size_t place = 0; place < split.used.size(); ++place) {
    out.varint(split.used[place]);
    for (const std::vector<std::uint64_t>& numbers : split.numbers[place]) {
      write_inline_run(numbers, out);
    }
  }
  write_inline_run(split.plain_bytes, out);
  parts[0] = append_part(std::move(out.bytes()), Squeeze::Try);
  parts[1] = append_part(split.plain, Squeeze::Try);
  bytes.pool += parts[0].stored_bytes + parts[1].stored_bytes;
  const std::uint64_t text_bytes = parts[0].stored_bytes + parts[1].stored_bytes;
  if (pool.texts.size() >= kFilteredTextsMin &&
      text_bytes >= pool.texts.size() * kFilteredTextBytesMin) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(pool.texts.size());
    for (const std::string_view text : pool.texts) {
      hashes.push_back(checksum64(text));
    }
    parts[2] = append_part(make_bloom_filter(hashes), Squeeze::None);
    bytes.filter += parts[2].stored_bytes;
    filter_bytes_ += parts[2].stored_bytes;
  }
  return parts;
}

void GroupBuilder::encode_field(std::uint32_t number, std::span<BuildColumn* const> columns,
                                ByteWriter& head) {
  FieldBytes& bytes = field_bytes_[number];
  ByteWriter runs;
  std::string body;
  for (BuildColumn* column : columns) {
    const std::span<const std::uint64_t> values = column->values;
    const bool is_text = schema_.field(number).is_text;
    const std::size_t coded = is_text ? column->coded_count : values.size();
    const auto is_default = [&](std::uint64_t value) { return value == column->default_value; };
    if (coded == values.size() && std::all_of(values.begin(), values.end(), is_default)) {
      runs.byte(kDefaultRun);
    } else if (coded == values.size()) {
      write_int_run(values, runs, body);
    } else if (coded == 0) {
      runs.byte(kPooledRun);
      write_int_run(values, runs, body);
    } else {
      runs.byte(kMixedRun);
      runs.varint(coded);
      write_int_run(values.first(coded), runs, body);
      write_int_run(values.subspan(coded), runs, body);
    }
    column->values.clear();
    column->coded_count = 0;
  }
  const bool is_random = schema_.field(number).role == FieldRole::SpanId;
  const PartRef heads = append_part(std::move(runs.bytes()), Squeeze::Try);
  const PartRef part = append_part(std::move(body), is_random ? Squeeze::None : Squeeze::Try);
  bytes.body += part.stored_bytes;
  bytes.head += heads.stored_bytes;
  write_part_ref(heads, head);
  write_part_ref(part, head);
  for (const PartRef& pool_part : encode_pool(number, bytes)) {
    write_part_ref(pool_part, head);
  }
}

void GroupBuilder::encode_fields(ByteWriter& head) {
  std::vector<std::vector<BuildColumn*>> by_field(schema_.field_count());
  for (const std::vector<std::uint32_t>& shapes : shapes_) {
    for (const std::uint32_t number : shapes) {
      BuildShape& shape = schema_.shape(number);
      shape.earlier_row_count += shape.row_count;
      shape.row_count = 0;
      for (BuildColumn& column : shape.columns) {
        if (schema_.field(column.field).type != model::ValueType::Empty) {
          by_field[column.field].push_back(&column);
        }
      }
    }
  }
  const auto used = std::count_if(by_field.begin(), by_field.end(),
                                  [](const auto& columns) { return !columns.empty(); });
  head.varint(static_cast<std::uint64_t>(used));
  std::uint32_t before = 0;
  for (std::uint32_t number = 0; number < by_field.size(); ++number) {
    if (!by_field[number].empty()) {
      head.varint(number - before);
      before = number;
      encode_field(number, by_field[number], head);
    }
  }
}

GroupBuilder::Encoded GroupBuilder::encode() {
  field_bytes_.resize(schema_.field_count());
  Encoded encoded;
  GroupRef& ref = encoded.ref;
  ref.span_count = span_count_;
  ref.trace_count = traces_.size();
  ref.continues = continues_;
  ref.first_start = traces_.front().start;
  ref.last_start = traces_.back().start;
  for (const TraceRow& trace : traces_) {
    ref.last_end = std::max(ref.last_end, trace.end);
  }
  ByteWriter head;
  head.byte(has_odd_duration_ ? 1 : 0);
  head.varint(traces_.size());
  encode_tables(head);
  encode_traces(head);
  const std::size_t frame_bytes = out_.size();
  encode_fields(head);
  ref.head = append_part(std::move(head.bytes()), Squeeze::Try);
  ref.size_bytes = out_.size();
  frame_bytes_.body += frame_bytes;
  frame_bytes_.head += ref.head.stored_bytes;
  encoded.filter_bytes = filter_bytes_;
  encoded.bytes = std::move(out_);
  clear();
  return encoded;
}

void GroupBuilder::clear() {
  arena_ = Arena();
  for (std::size_t table = 0; table < kRowTableCount; ++table) {
    rows_[table].clear();
    shapes_[table].clear();
  }
  traces_.clear();
  foreign_parents_.clear();
  for (Pool& pool : pools_) {
    pool.texts.clear();
    pool.counts.clear();
    pool.trace_begin = 0;
  }
  span_count_ = 0;
  cell_count_ = 0;
  text_bytes_ = 0;
  continues_ = false;
  has_odd_duration_ = false;
  out_.clear();
  filter_bytes_ = 0;
  schema_.forget_origins();
}

}  // namespace waybill::storage
