// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/block_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/int_run.h"

namespace waybill::storage {
namespace {

// Read at once when a block is opened: enough for most directories.
constexpr std::uint64_t kFirstReadBytes = 64 << 10;
constexpr std::size_t kTextsMax = 1 << 20;

// What a file is that does not end as a block does.
Error no_block(os::File& file, const Error& error) {
  const auto header = file.read_at(0, kBlockHeaderBytes);
  if (!header.has_value()) {
    return header.error();
  }
  const auto checked = check_block_header(*header);
  return checked.has_value() || checked.error().code == ErrorCode::DataLoss ? error
                                                                            : checked.error();
}

Result<BlockDirectory> read_directory(os::File& file) {
  const std::uint64_t file_bytes = TRY(file.size());
  const std::uint64_t first_bytes = std::min(file_bytes, kFirstReadBytes);
  const std::string end =
      TRY(file.read_at(file_bytes - first_bytes, static_cast<std::size_t>(first_bytes)));
  const std::size_t tail_bytes = std::min(end.size(), kBlockTailBytes);
  const std::string_view tail = std::string_view(end).substr(end.size() - tail_bytes);
  const auto found = decode_block_tail(tail, file_bytes);
  if (!found.has_value()) {
    return no_block(file, found.error());
  }
  const PartRef& ref = *found;
  std::string bytes;
  if (ref.stored_bytes + kBlockTailBytes <= end.size()) {
    const std::size_t begin =
        end.size() - kBlockTailBytes - static_cast<std::size_t>(ref.stored_bytes);
    auto unpacked = unpack_part(
        std::string_view(end).substr(begin, static_cast<std::size_t>(ref.stored_bytes)), ref);
    if (!unpacked.has_value()) {
      return std::move(unpacked).error().within(fmt::format("directory at offset {}", ref.offset));
    }
    bytes = *std::move(unpacked);
  } else {
    bytes = TRY(read_part(file, ref, "directory"));
  }
  BlockDirectory directory = TRY(decode_directory(bytes, ref.offset));
  directory.info.file_bytes = file_bytes;
  directory.info.index_bytes += ref.stored_bytes;
  return directory;
}

}  // namespace

Result<std::shared_ptr<const TextList>> TextList::read(std::string bytes) {
  auto list = std::make_shared<TextList>();
  list->bytes_ = std::move(bytes);
  ByteCursor in(list->bytes_);
  const std::uint64_t count = list->bytes_.empty() ? 0 : in.varint_up_to(kTextsMax);
  const IntRun sizes = IntRun::read(static_cast<std::size_t>(count), in, in);
  if (!in.ok()) {
    return data_loss("malformed");
  }
  list->first_ = list->bytes_.size() - in.rest_bytes();
  list->ends_.reserve(sizes.size());
  std::size_t end = list->first_;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::uint64_t size = sizes.at(i);
    if (size > list->bytes_.size() - end) {
      return data_loss("malformed");
    }
    end += static_cast<std::size_t>(size);
    list->ends_.push_back(end);
  }
  if (end != list->bytes_.size()) {
    return data_loss("malformed");
  }
  return std::shared_ptr<const TextList>(std::move(list));
}

BlockFile::BlockFile(const Key& /*key*/, std::string path, std::unique_ptr<os::File> file,
                     BlockDirectory directory)
    : path_(std::move(path)),
      file_(std::move(file)),
      directory_(std::move(directory)),
      dictionaries_(directory_.dictionaries.size()),
      patterns_(directory_.patterns.size()) {}

Result<std::shared_ptr<const BlockFile>> BlockFile::open(os::FileSystem& files,
                                                         const std::string& path) {
  std::unique_ptr<os::File> file = TRY(files.open_file(path));
  auto directory = read_directory(*file);
  if (!directory.has_value()) {
    return std::move(directory).error().within(path);
  }
  return std::shared_ptr<const BlockFile>(
      std::make_shared<BlockFile>(Key(), path, std::move(file), *std::move(directory)));
}

Result<std::string> BlockFile::read(const PartRef& ref, std::string_view name) const {
  auto bytes = read_part(*file_, ref, name);
  if (!bytes.has_value()) {
    return std::move(bytes).error().within(path_);
  }
  return bytes;
}

Result<std::string> BlockFile::read_bytes(std::uint64_t offset, std::uint64_t size_bytes) const {
  std::string bytes = TRY(file_->read_at(offset, static_cast<std::size_t>(size_bytes)));
  if (bytes.size() != size_bytes) {
    return data_loss(fmt::format("{}: ends early, at offset {}", path_, offset + bytes.size()));
  }
  return bytes;
}

Result<std::shared_ptr<const Schema>> BlockFile::schema() const {
  {
    const MutexLock lock(mutex_);
    if (schema_) {
      return schema_;
    }
  }
  // Two threads may both read it; reading under the lock would hold up all others.
  auto schema = read_schema(TRY(read(directory_.schema, "schema")));
  if (!schema.has_value()) {
    return std::move(schema).error().within(
        fmt::format("{}: schema at offset {}", path_, directory_.schema.offset));
  }
  if ((*schema)->fields.size() != directory_.dictionaries.size() ||
      (*schema)->fields.size() != directory_.patterns.size()) {
    return data_loss(fmt::format("{}: schema at offset {}: does not fit the directory", path_,
                                 directory_.schema.offset));
  }
  const MutexLock lock(mutex_);
  schema_ = *schema;
  return schema_;
}

Result<std::shared_ptr<const TextList>> BlockFile::text_list(Kind kind, std::uint32_t field) const {
  const bool is_dictionary = kind == Kind::Dictionary;
  const std::string_view name = is_dictionary ? "dictionary" : "patterns";
  const std::vector<PartRef>& refs = is_dictionary ? directory_.dictionaries : directory_.patterns;
  if (field >= refs.size()) {
    return data_loss(fmt::format("{}: there is no {} {}", path_, name, field));
  }
  {
    const MutexLock lock(mutex_);
    if (cached(kind, field)) {
      return cached(kind, field);
    }
  }
  auto list = TextList::read(TRY(read(refs[field], name)));
  if (!list.has_value()) {
    return std::move(list).error().within(
        fmt::format("{}: {} at offset {}", path_, name, refs[field].offset));
  }
  const MutexLock lock(mutex_);
  cached(kind, field) = *list;
  return *std::move(list);
}

Result<std::shared_ptr<const TextList>> BlockFile::dictionary(std::uint32_t field) const {
  return text_list(Kind::Dictionary, field);
}

Result<std::shared_ptr<const TextList>> BlockFile::patterns(std::uint32_t field) const {
  return text_list(Kind::Patterns, field);
}

void BlockFile::drop_cache() const {
  const MutexLock lock(mutex_);
  schema_ = nullptr;
  std::fill(dictionaries_.begin(), dictionaries_.end(), nullptr);
  std::fill(patterns_.begin(), patterns_.end(), nullptr);
}

std::size_t BlockFile::memory_bytes() const {
  std::size_t bytes = sizeof(*this) + directory_.trace_filter.capacity() +
                      directory_.groups.capacity() * sizeof(GroupRef) +
                      (directory_.dictionaries.capacity() + directory_.patterns.capacity() +
                       directory_.trace_pages.capacity()) *
                          sizeof(PartRef);
  const MutexLock lock(mutex_);
  bytes += (dictionaries_.capacity() + patterns_.capacity()) * sizeof(dictionaries_[0]);
  bytes += schema_ ? schema_->bytes->capacity() + schema_->arena.size_bytes() : 0;
  for (const Lists* lists : {&dictionaries_, &patterns_}) {
    for (const auto& list : *lists) {
      bytes += list ? list->size_bytes() : 0;
    }
  }
  return bytes;
}

}  // namespace waybill::storage
