// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"
#include "storage/block/block_schema.h"

namespace waybill::storage {

// The texts of one dictionary. Immutable; any thread.
class TextList final {
 public:
  // DataLoss for bytes that are none.
  static Result<std::shared_ptr<const TextList>> read(std::string bytes);

  std::size_t size() const { return ends_.size(); }
  std::size_t size_bytes() const { return bytes_.size() + ends_.size() * sizeof(std::size_t); }
  // Valid as long as the list. Requires: index < size().
  std::string_view at(std::size_t index) const {
    const std::size_t begin = index == 0 ? first_ : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }

 private:
  std::string bytes_;
  std::size_t first_ = 0;
  std::vector<std::size_t> ends_;
};

// An open block file: its directory in memory, all other parts read when they are asked for.
// Schema and dictionaries are kept once they were read. Any thread.
class BlockFile final {
  struct Key {};

 public:
  // Only for open().
  BlockFile(const Key& key, std::string path, std::unique_ptr<os::File> file,
            BlockDirectory directory);

  // Reads the tail and the directory. Errors name the path: InvalidArgument for a foreign file,
  // Unimplemented for a newer version, DataLoss for damage, and what the file system gives.
  static Result<std::shared_ptr<const BlockFile>> open(os::FileSystem& files,
                                                       const std::string& path);

  const std::string& path() const { return path_; }
  const BlockDirectory& directory() const { return directory_; }
  const BlockInfo& info() const { return directory_.info; }

  Result<std::shared_ptr<const Schema>> schema() const;
  Result<std::shared_ptr<const TextList>> dictionary(std::uint32_t field) const;
  Result<std::shared_ptr<const TextList>> patterns(std::uint32_t field) const;
  // Reads a part and checks it. `name` is for errors: "block/42: duration at offset 1234: ...".
  Result<std::string> read(const PartRef& ref, std::string_view name) const;
  // Reads bytes that several parts share, unchecked.
  Result<std::string> read_bytes(std::uint64_t offset, std::uint64_t size_bytes) const;

  // Lets go of schema and dictionaries; answers that refer to them keep them.
  void drop_cache() const;
  // What open() and the caches hold.
  std::size_t memory_bytes() const;

 private:
  using Lists = std::vector<std::shared_ptr<const TextList>>;
  enum class Kind : std::uint8_t { Dictionary, Patterns };

  Result<std::shared_ptr<const TextList>> text_list(Kind kind, std::uint32_t field) const;
  std::shared_ptr<const TextList>& cached(Kind kind, std::uint32_t field) const REQUIRES(mutex_) {
    return (kind == Kind::Dictionary ? dictionaries_ : patterns_)[field];
  }

  const std::string path_;
  const std::unique_ptr<os::File> file_;
  const BlockDirectory directory_;

  mutable Mutex mutex_;
  mutable std::shared_ptr<const Schema> schema_ GUARDED_BY(mutex_);
  mutable Lists dictionaries_ GUARDED_BY(mutex_);
  mutable Lists patterns_ GUARDED_BY(mutex_);
};

}  // namespace waybill::storage
