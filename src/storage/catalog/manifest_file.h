// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"
#include "storage/catalog/manifest_format.h"

namespace waybill::storage {

struct ManifestFileOptions {
  std::string folder;
  std::uint64_t room_bytes_min = std::uint64_t{64} << 10;
  std::uint64_t salt_seed = 0;
};

// All that a new manifest begins with. Borrows.
struct ManifestBase {
  ManifestState state;
  std::span<const std::shared_ptr<const BlockEntry>> blocks;
  const ServiceNames& names;
};

// The catalog's file on the writing side. Borrows the file system and the clock. One thread at a
// time.
//
// Writing follows two rules. Bytes that may not be durable are never built upon: a file is written
// only from the program start that made it, and not after a failure. And the room for the next
// file is taken beforehand, so that a full device can be told to forget blocks.
class ManifestFile final {
 public:
  // `rewriting` is that of the file which is there now; 0 where there is none.
  ManifestFile(ManifestFileOptions options, std::uint64_t rewriting, os::FileSystem& file_system,
               const Clock& clock);

  // Whether a change of this size can be appended. Not before the first replace.
  bool has_room(std::size_t payload_bytes) const;

  // Writes the change behind the others; it is durable when this returns. Requires: has_room.
  // Errors: Unavailable; whether it will be there after a start is open, and there is no room for
  // more.
  Result<void> append(std::string_view payload);

  // Writes a new file and puts it in the place of the old one. Errors: ResourceExhausted where the
  // device is full, and nothing has happened; Unavailable otherwise, and which of the two is there
  // after a start is open.
  Result<void> replace(const ManifestBase& base);

  std::uint64_t rewriting() const { return rewriting_; }
  std::uint64_t side_bytes() const { return file_ == nullptr ? 0 : side_bytes_; }

 private:
  struct Prepared {
    std::unique_ptr<os::File> file;
    std::uint64_t side_bytes = 0;
  };

  std::string path(std::string_view name) const;
  std::uint64_t make_salt() const;
  Result<Prepared> prepare(std::uint64_t base_bytes);
  Result<void> write_sides(Prepared& prepared, std::span<const std::string_view> pieces);
  void make_spare();

  const ManifestFileOptions options_;
  os::FileSystem& file_system_;
  const Clock& clock_;
  std::unique_ptr<os::File> file_;  // null: nothing may be appended
  std::uint64_t rewriting_;
  std::uint64_t salt_ = 0;
  std::uint64_t side_bytes_ = 0;
  std::uint64_t end_offset_ = 0;
  std::uint64_t record_count_ = 0;
};

}  // namespace waybill::storage
