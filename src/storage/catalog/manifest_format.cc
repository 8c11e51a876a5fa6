// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/manifest_format.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/result.h"
#include "model/ids.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"

namespace waybill::storage {
namespace {

static_assert(std::endian::native == std::endian::little, "words are copied as they lie in memory");

constexpr std::string_view kMagic = "WBCATLOG";
constexpr std::size_t kHeaderChecksumOffset = 56;
constexpr std::size_t kRecordChecksumOffset = 32;
constexpr std::size_t kEntryBytesMin = 140;
constexpr std::size_t kServiceBytesMin = 3;
constexpr std::size_t kNameBytesMin = 2;
constexpr unsigned kVarintBits = 7;
constexpr unsigned kVarintShiftMax = 63;

template <typename T>
void append_word(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <typename T>
T read_word(std::string_view bytes, std::size_t offset) {
  DCHECK(offset + sizeof(T) <= bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80U) {
    out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    value >>= kVarintBits;
  }
  out.push_back(static_cast<char>(value));
}

// Reads a payload front to back. After the first read past its end every read gives zero and ok()
// stays false, so that the decoder asks once for each thing it makes.
class PayloadCursor final {
 public:
  explicit PayloadCursor(std::string_view payload) : rest_(payload) {}

  bool ok() const { return ok_; }
  std::size_t rest_bytes() const { return rest_.size(); }

  template <typename T>
  T word() {
    const std::string_view bytes = take(sizeof(T));
    return ok_ ? read_word<T>(bytes, 0) : T{0};
  }

  std::string_view take(std::size_t size_bytes) {
    if (!ok_ || size_bytes > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size_bytes);
    rest_.remove_prefix(size_bytes);
    return bytes;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= kVarintShiftMax; shift += kVarintBits) {
      const auto byte = static_cast<std::uint64_t>(word<std::uint8_t>());
      if (!ok_ || (shift == kVarintShiftMax && byte > 1)) {
        break;
      }
      value |= (byte & 0x7fU) << shift;
      if (byte < 0x80U) {
        return value;
      }
    }
    ok_ = false;
    return 0;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void append_trace_id(std::string& out, const model::TraceId& id) {
  append_word<std::uint64_t>(out, id.high);
  append_word<std::uint64_t>(out, id.low);
}

model::TraceId read_trace_id(PayloadCursor& cursor) {
  model::TraceId id;
  id.high = cursor.word<std::uint64_t>();
  id.low = cursor.word<std::uint64_t>();
  return id;
}

void append_facts(std::string& out, const BlockFacts& facts) {
  append_word<std::uint64_t>(out, facts.id);
  append_word<std::uint32_t>(out, facts.level);
  append_word<std::uint32_t>(out, facts.generation);
  append_word<std::uint64_t>(out, facts.file_bytes);
  append_word<std::uint64_t>(out, facts.span_count);
  append_word<std::uint64_t>(out, facts.trace_count);
  append_word<std::uint64_t>(out, facts.error_count);
  append_word<std::uint64_t>(out, facts.min_start);
  append_word<std::uint64_t>(out, facts.max_end);
  append_word<std::uint64_t>(out, facts.min_received);
  append_word<std::uint64_t>(out, facts.max_received);
  append_word<std::uint64_t>(out, facts.retention_applied_at);
  append_trace_id(out, facts.min_trace_id);
  append_trace_id(out, facts.max_trace_id);
  append_word<std::uint64_t>(out, facts.footer_checksum);
}

BlockFacts read_facts(PayloadCursor& cursor) {
  BlockFacts facts;
  facts.id = cursor.word<std::uint64_t>();
  facts.level = cursor.word<std::uint32_t>();
  facts.generation = cursor.word<std::uint32_t>();
  facts.file_bytes = cursor.word<std::uint64_t>();
  facts.span_count = cursor.word<std::uint64_t>();
  facts.trace_count = cursor.word<std::uint64_t>();
  facts.error_count = cursor.word<std::uint64_t>();
  facts.min_start = cursor.word<std::uint64_t>();
  facts.max_end = cursor.word<std::uint64_t>();
  facts.min_received = cursor.word<std::uint64_t>();
  facts.max_received = cursor.word<std::uint64_t>();
  facts.retention_applied_at = cursor.word<std::uint64_t>();
  facts.min_trace_id = read_trace_id(cursor);
  facts.max_trace_id = read_trace_id(cursor);
  facts.footer_checksum = cursor.word<std::uint64_t>();
  return facts;
}

Result<BlockEntry> read_entry(PayloadCursor& cursor, std::size_t name_count) {
  BlockEntry entry;
  entry.facts = read_facts(cursor);
  entry.sequence = cursor.word<std::uint64_t>();
  const auto service_count = cursor.word<std::uint32_t>();
  if (!cursor.ok() || service_count > kBlockServicesMax ||
      service_count > cursor.rest_bytes() / kServiceBytesMin) {
    return data_loss("an entry ends too early");
  }
  TRY(check_block_facts(entry.facts));
  entry.services.reserve(service_count);
  for (std::uint32_t i = 0; i < service_count; ++i) {
    const std::uint64_t name = cursor.varint();
    const std::uint64_t span_count = cursor.varint();
    const std::uint64_t error_count = cursor.varint();
    if (!cursor.ok() || name >= name_count || span_count > kBlockSpansMax ||
        error_count > span_count) {
      return data_loss(fmt::format("block {}: service {} makes no sense", entry.facts.id, i));
    }
    entry.services.push_back({static_cast<std::uint32_t>(name),
                              static_cast<std::uint32_t>(span_count),
                              static_cast<std::uint32_t>(error_count)});
  }
  return entry;
}

}  // namespace

std::string encode_manifest_header(const ManifestHeader& header) {
  std::string out(kMagic);
  append_word<std::uint32_t>(out, header.version);
  append_word<std::uint32_t>(out, 0);
  append_word<std::uint64_t>(out, header.salt);
  append_word<std::uint64_t>(out, header.side_bytes);
  append_word<std::uint64_t>(out, header.created_at);
  append_word<std::uint64_t>(out, header.rewriting);
  append_word<std::uint64_t>(out, header.base_record_count);
  append_word<std::uint64_t>(out, checksum64(out));
  return out;
}

bool has_manifest_magic(std::string_view bytes) { return bytes.starts_with(kMagic); }

std::optional<ManifestHeader> decode_manifest_header(std::string_view bytes) {
  if (bytes.size() < kManifestHeaderBytes || !has_manifest_magic(bytes) ||
      read_word<std::uint64_t>(bytes, kHeaderChecksumOffset) !=
          checksum64(bytes.substr(0, kHeaderChecksumOffset))) {
    return std::nullopt;
  }
  ManifestHeader header;
  header.version = read_word<std::uint32_t>(bytes, 8);
  header.salt = read_word<std::uint64_t>(bytes, 16);
  header.side_bytes = read_word<std::uint64_t>(bytes, 24);
  header.created_at = read_word<std::uint64_t>(bytes, 32);
  header.rewriting = read_word<std::uint64_t>(bytes, 40);
  header.base_record_count = read_word<std::uint64_t>(bytes, 48);
  return header;
}

std::uint64_t manifest_record_bytes(std::uint64_t payload_bytes) {
  const std::uint64_t bytes = kManifestRecordHeaderBytes + payload_bytes;
  return (bytes + kManifestAlignment - 1) / kManifestAlignment * kManifestAlignment;
}

std::string encode_manifest_record(std::uint64_t salt, std::uint64_t number,
                                   std::string_view payload) {
  CHECK(payload.size() <= kManifestPayloadBytesMax);
  std::string out;
  out.reserve(static_cast<std::size_t>(manifest_record_bytes(payload.size())));
  append_word<std::uint64_t>(out, salt);
  append_word<std::uint64_t>(out, number);
  append_word<std::uint32_t>(out, static_cast<std::uint32_t>(payload.size()));
  append_word<std::uint32_t>(out, 0);
  append_word<std::uint64_t>(out, checksum64(payload));
  append_word<std::uint64_t>(out, checksum64(out));
  out += payload;
  out.resize(static_cast<std::size_t>(manifest_record_bytes(payload.size())), '\0');
  return out;
}

std::optional<ManifestRecord> decode_manifest_record(std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < kManifestRecordHeaderBytes || read_word<std::uint64_t>(bytes, 0) != salt ||
      read_word<std::uint64_t>(bytes, kRecordChecksumOffset) !=
          checksum64(bytes.substr(0, kRecordChecksumOffset))) {
    return std::nullopt;
  }
  const auto payload_bytes = read_word<std::uint32_t>(bytes, 16);
  if (payload_bytes > kManifestPayloadBytesMax ||
      manifest_record_bytes(payload_bytes) > bytes.size()) {
    return std::nullopt;
  }
  ManifestRecord record;
  record.number = read_word<std::uint64_t>(bytes, 8);
  record.payload = bytes.substr(kManifestRecordHeaderBytes, payload_bytes);
  record.record_bytes = static_cast<std::size_t>(manifest_record_bytes(payload_bytes));
  if (read_word<std::uint64_t>(bytes, 24) != checksum64(record.payload)) {
    return std::nullopt;
  }
  return record;
}

std::string encode_manifest_change(const ManifestState& state, std::span<const BlockId> removed,
                                   std::span<const std::shared_ptr<const BlockEntry>> added,
                                   const ServiceNames& names) {
  std::unordered_map<std::uint32_t, std::uint64_t> local;
  std::string name_bytes;
  std::string entries;
  for (const auto& entry : added) {
    append_facts(entries, entry->facts);
    append_word<std::uint64_t>(entries, entry->sequence);
    append_word<std::uint32_t>(entries, static_cast<std::uint32_t>(entry->services.size()));
    for (const BlockService& service : entry->services) {
      const auto [place, is_new] = local.try_emplace(service.service, local.size());
      if (is_new) {
        const std::string& name = names[service.service];
        append_word<std::uint16_t>(name_bytes, static_cast<std::uint16_t>(name.size()));
        name_bytes += name;
      }
      append_varint(entries, place->second);
      append_varint(entries, service.span_count);
      append_varint(entries, service.error_count);
    }
  }
  std::string out;
  append_word<std::uint64_t>(out, state.log_covered_to);
  append_word<std::uint64_t>(out, state.id_limit);
  append_word<std::uint64_t>(out, state.sequence);
  append_word<std::uint32_t>(out, static_cast<std::uint32_t>(removed.size()));
  append_word<std::uint32_t>(out, static_cast<std::uint32_t>(local.size()));
  append_word<std::uint32_t>(out, static_cast<std::uint32_t>(added.size()));
  append_word<std::uint32_t>(out, 0);
  for (const BlockId id : removed) {
    append_word<std::uint64_t>(out, id);
  }
  out += name_bytes;
  out += entries;
  return out;
}

Result<ManifestChange> decode_manifest_change(std::string_view payload) {
  PayloadCursor cursor(payload);
  ManifestChange change;
  change.state.log_covered_to = cursor.word<std::uint64_t>();
  change.state.id_limit = cursor.word<std::uint64_t>();
  change.state.sequence = cursor.word<std::uint64_t>();
  const auto removed_count = cursor.word<std::uint32_t>();
  const auto name_count = cursor.word<std::uint32_t>();
  const auto added_count = cursor.word<std::uint32_t>();
  cursor.word<std::uint32_t>();
  if (!cursor.ok() || removed_count > cursor.rest_bytes() / sizeof(BlockId) ||
      name_count > cursor.rest_bytes() / kNameBytesMin ||
      added_count > cursor.rest_bytes() / kEntryBytesMin) {
    return data_loss("a count does not go with the size");
  }
  change.removed.reserve(removed_count);
  for (std::uint32_t i = 0; i < removed_count; ++i) {
    change.removed.push_back(cursor.word<std::uint64_t>());
  }
  change.names.reserve(name_count);
  for (std::uint32_t i = 0; i < name_count; ++i) {
    const auto name_bytes = cursor.word<std::uint16_t>();
    change.names.emplace_back(cursor.take(name_bytes));
  }
  change.added.reserve(added_count);
  for (std::uint32_t i = 0; i < added_count; ++i) {
    auto entry = read_entry(cursor, change.names.size());
    if (!entry.has_value()) {
      return data_loss(std::move(entry).error().message);
    }
    change.added.push_back(*std::move(entry));
  }
  if (!cursor.ok() || cursor.rest_bytes() != 0) {
    return data_loss("the content does not go with the size");
  }
  return change;
}

}  // namespace waybill::storage
