// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>  // NOLINT(modernize-deprecated-headers): POSIX's part of it
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "os/file_system.h"

namespace waybill::os {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

// One system call takes at most this many pieces; Linux allows 1024 (UIO_MAXIOV).
constexpr std::size_t kPiecesPerCall = 1024;

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::ResourceExhausted;
    case EEXIST:
      return ErrorCode::FailedPrecondition;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::PermissionDenied;
    default:
      return ErrorCode::Internal;
  }
}

// Reads errno, so it comes first after the failed call.
Error system_error(std::string_view act, const std::string& path) {
  const int number = errno;
  return {code_of(number),
          fmt::format("{} {}: {}", act, path, std::generic_category().message(number))};
}

// A system call that is made again when a signal came between.
template <typename Call>
auto retry(Call call) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) {
      return result;
    }
  }
}

// An open descriptor that is closed at the end of its scope.
class Descriptor final {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
    std::array<iovec, kPiecesPerCall> vectors;
    std::size_t next = 0;
    std::size_t written_of_next = 0;  // bytes of pieces[next] that are written already
    while (true) {
      std::size_t count = 0;
      std::size_t skip = written_of_next;
      for (std::size_t i = next; i < pieces.size() && count < vectors.size(); ++i) {
        const std::string_view rest = pieces[i].substr(skip);
        // The system call does not write through the pointer; its struct is shared with reading.
        vectors[count++] = {const_cast<char*>(rest.data()), rest.size()};
        skip = 0;
      }
      if (count == 0) {
        return {};
      }
      const ssize_t done = retry([&] {
        return ::pwritev(descriptor_.number(), vectors.data(), static_cast<int>(count),
                         static_cast<off_t>(offset));
      });
      if (done < 0) {
        return system_error("write", path_);
      }
      auto left = static_cast<std::size_t>(done);
      offset += left;
      const std::size_t first = next;
      while (next < first + count && pieces[next].size() - written_of_next <= left) {
        left -= pieces[next].size() - written_of_next;
        written_of_next = 0;
        ++next;
      }
      if (done == 0 && next == first) {
        // The system takes nothing and names no reason; asking for ever would hang the caller.
        return internal_error(fmt::format("write {}: nothing was written", path_));
      }
      written_of_next += left;
    }
  }

  Result<std::string> read_at(std::uint64_t offset, std::size_t size_bytes) override {
    // The size is asked for first, so that a caller's large limit does not cost memory.
    const std::uint64_t file_bytes = TRY(size());
    const std::uint64_t rest = file_bytes - std::min(offset, file_bytes);
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes, rest)), '\0');
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t done = retry([&] {
        return ::pread(descriptor_.number(), bytes.data() + filled, bytes.size() - filled,
                       static_cast<off_t>(offset + filled));
      });
      if (done < 0) {
        return system_error("read", path_);
      }
      if (done == 0) {
        break;
      }
      filled += static_cast<std::size_t>(done);
    }
    bytes.resize(filled);
    return bytes;
  }

  Result<void> sync_data() override {
    // EINTR is not retried: whether a second call tells the truth is not defined.
    if (::fdatasync(descriptor_.number()) != 0) {
      return system_error("sync", path_);
    }
    return {};
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    if (retry([&] { return ::ftruncate(descriptor_.number(), static_cast<off_t>(size_bytes)); }) !=
        0) {
      return system_error("truncate", path_);
    }
    return {};
  }

  Result<void> preallocate(std::uint64_t size_bytes) override {
    const std::uint64_t before = TRY(size());
    if (size_bytes > 0 && retry([&] {
                            return ::fallocate(descriptor_.number(), 0, 0,
                                               static_cast<off_t>(size_bytes));
                          }) != 0) {
      if (errno != EOPNOTSUPP) {
        return system_error("reserve room for", path_);
      }
      return truncate(size_bytes);  // a file system without reservations: at least the size
    }
    return before > size_bytes ? truncate(size_bytes) : Result<void>();
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(descriptor_.number(), &status) != 0) {
      return system_error("ask the size of", path_);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  const Descriptor descriptor_;
  const std::string path_;
};

class PosixLock final : public FileSystem::Lock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;  // closing it lets go of the lock
};

// Who holds a lock, as its file says, for a message.
std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = retry([&] { return ::pread(descriptor, text.data(), text.size(), 0); });
  const auto pid = parse_uint64(
      trim(std::string_view(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0)));
  return pid.has_value() ? fmt::format("process {}", *pid) : std::string("another process");
}

bool is_regular(const Descriptor& folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_REG;
  }
  struct stat status{};
  return ::fstatat(folder.number(), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode);
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> create_file(const std::string& path) override {
    return open_with("create", path, O_RDWR | O_CREAT | O_EXCL);
  }

  Result<std::unique_ptr<File>> open_file(const std::string& path) override {
    return open_with("open", path, O_RDWR);
  }

  Result<void> rename_file(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) {
      return system_error("rename", from);
    }
    return {};
  }

  Result<void> remove_file(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) {
      return system_error("remove", path);
    }
    return {};
  }

  Result<void> create_directories(const std::string& path) override {
    // A slash after each name, so that every folder on the way is made in turn.
    for (std::size_t end = path.find('/', 1); true; end = path.find('/', end + 1)) {
      const std::string folder = path.substr(0, end);
      if (::mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        return system_error("create folder", folder);
      }
      if (end == std::string::npos) {
        break;
      }
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      return system_error("open folder", path);
    }
    if (!S_ISDIR(status.st_mode)) {
      return Error{ErrorCode::FailedPrecondition, fmt::format("{} is not a folder", path)};
    }
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const Descriptor folder = TRY(open_folder(path));
    if (::fsync(folder.number()) != 0) {
      return system_error("sync folder", path);
    }
    return {};
  }

  Result<std::vector<std::string>> list_files(const std::string& path) override {
    const Descriptor folder = TRY(open_folder(path));
    // fdopendir takes the descriptor over, so it gets one of its own.
    const int copy = ::fcntl(folder.number(), F_DUPFD_CLOEXEC, 0);
    const std::unique_ptr<DIR, CloseFolder> entries(copy >= 0 ? ::fdopendir(copy) : nullptr);
    if (entries == nullptr) {
      return system_error("list folder", path);
    }
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(entries.get());  // NOLINT(concurrency-mt-unsafe): own stream
      if (entry == nullptr) {
        break;
      }
      if (is_regular(folder, *entry)) {
        names.emplace_back(entry->d_name);
      }
    }
    if (errno != 0) {
      return system_error("list folder", path);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<bool> exists(const std::string& path) override {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
      return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
      return false;
    }
    return system_error("look for", path);
  }

  Result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs status{};
    if (retry([&] { return ::statvfs(path.c_str(), &status); }) != 0) {
      return system_error("ask the free room of", path);
    }
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  }

  Result<std::unique_ptr<Lock>> lock_file(const std::string& path) override {
    Descriptor file(
        retry([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode); }));
    if (!file.is_open()) {
      return system_error("open lock", path);
    }
    if (retry([&] { return ::flock(file.number(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno == EWOULDBLOCK) {
        return Error{ErrorCode::FailedPrecondition,
                     fmt::format("{} is locked by {}", path, holder_of(file.number()))};
      }
      return system_error("lock", path);
    }
    // The number of the process only helps a person; the lock holds without it.
    const std::string pid = fmt::format("{}\n", ::getpid());
    const bool noted = ::ftruncate(file.number(), 0) == 0 &&
                       ::pwrite(file.number(), pid.data(), pid.size(), 0) >= 0;
    static_cast<void>(noted);
    return std::unique_ptr<Lock>(std::make_unique<PosixLock>(std::move(file)));
  }

 private:
  static Result<std::unique_ptr<File>> open_with(std::string_view act, const std::string& path,
                                                 int flags) {
    Descriptor file(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); }));
    if (!file.is_open()) {
      return system_error(act, path);
    }
    return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(file), path));
  }

  static Result<Descriptor> open_folder(const std::string& path) {
    Descriptor folder(
        retry([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!folder.is_open()) {
      return system_error("open folder", path);
    }
    return folder;
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace waybill::os
