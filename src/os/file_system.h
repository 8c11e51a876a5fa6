// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace waybill::os {

// An open file. One thread at a time, but read_at and size, which any number of threads may call at
// once while none calls anything else; closed when destroyed. Short reads and writes and EINTR are
// handled inside.
class File {
 public:
  virtual ~File() = default;

  // Writes all pieces, one after the other, at `offset`.
  virtual Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) = 0;
  // Reads up to `size_bytes`; fewer only at the end of the file.
  virtual Result<std::string> read_at(std::uint64_t offset, std::size_t size_bytes) = 0;
  // Data and the metadata needed to read it back are on the device (fdatasync). After a failure
  // nothing is known about any write since the last success: do not call it again and hope (the
  // kernel may have dropped the pages).
  virtual Result<void> sync_data() = 0;
  // Sets the size; new room reads as zeros.
  virtual Result<void> truncate(std::uint64_t size_bytes) = 0;
  // Reserves room on the device for [0, size_bytes) and sets the size.
  virtual Result<void> preallocate(std::uint64_t size_bytes) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

// The file system, so that tests can fail the n-th call and forget what was not synced. Paths are
// those of the operating system. Any thread. Errors: NotFound, ResourceExhausted (no room),
// FailedPrecondition (already exists), PermissionDenied, Internal; messages name the path and the
// system's own words.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Opens for reading and writing; makes a new, empty file. Fails where it exists.
  virtual Result<std::unique_ptr<File>> create_file(const std::string& path) = 0;
  virtual Result<std::unique_ptr<File>> open_file(const std::string& path) = 0;
  // Replaces `to` where it exists. Durable only after sync_directory of both folders.
  virtual Result<void> rename_file(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove_file(const std::string& path) = 0;
  // Makes the folder and those above it; fine where it exists. Mode 0700.
  virtual Result<void> create_directories(const std::string& path) = 0;
  // Entries made, renamed and removed in the folder are on the device.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // Names of the regular files in the folder, sorted.
  virtual Result<std::vector<std::string>> list_files(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  // Room left on the device for an ordinary user, in bytes.
  virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;

  // Holds an exclusive lock on the file (made if needed) until destroyed. FailedPrecondition where
  // another process has it.
  class Lock {
   public:
    virtual ~Lock() = default;
  };
  virtual Result<std::unique_ptr<Lock>> lock_file(const std::string& path) = 0;
};

// The machine's own. Files are made with mode 0600.
std::unique_ptr<FileSystem> make_posix_file_system();

}  // namespace waybill::os
