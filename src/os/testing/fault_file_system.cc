// SPDX-License-Identifier: Apache-2.0
#include "os/testing/fault_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "base/check.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"

namespace waybill::os {
namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string_view sector(const std::string& bytes, std::uint64_t index) {
  const std::size_t begin =
      std::min(bytes.size(), static_cast<std::size_t>(index) * FaultFileSystem::kSectorBytes);
  return std::string_view(bytes).substr(begin, FaultFileSystem::kSectorBytes);
}

std::uint64_t sector_count(std::size_t size_bytes) {
  return (size_bytes + FaultFileSystem::kSectorBytes - 1) / FaultFileSystem::kSectorBytes;
}

// Copies one sector, as far as both files reach.
void copy_sector(std::string& to, const std::string& from, std::uint64_t index) {
  const std::size_t begin = static_cast<std::size_t>(index) * FaultFileSystem::kSectorBytes;
  if (begin >= to.size()) {
    return;
  }
  const std::string_view bytes = sector(from, index).substr(0, to.size() - begin);
  std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(begin));
}

}  // namespace

class FaultFileSystem::FaultFile final : public File {
 public:
  FaultFile(FaultFileSystem& system, NodeRef node, std::string path, std::uint64_t generation)
      : system_(system), node_(std::move(node)), path_(std::move(path)), generation_(generation) {}

  Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
    TRY(check_open());
    return system_.write(*node_, path_, offset, pieces);
  }

  Result<std::string> read_at(std::uint64_t offset, std::size_t size_bytes) override {
    TRY(check_open());
    const MutexLock lock(system_.mutex_);
    TRY(system_.enter("read", path_));
    const std::uint64_t begin = std::min<std::uint64_t>(offset, node_->live.size());
    const std::uint64_t end =
        begin + std::min<std::uint64_t>(size_bytes, node_->live.size() - begin);
    if (begin < node_->unreadable_end && node_->unreadable_begin < end) {
      return internal_error(fmt::format("read {}: bytes made unreadable", path_));
    }
    return node_->live.substr(static_cast<std::size_t>(begin),
                              static_cast<std::size_t>(end - begin));
  }

  Result<void> sync_data() override {
    TRY(check_open());
    const MutexLock lock(system_.mutex_);
    ++system_.syncs_;
    auto entered = system_.enter("sync", path_);
    if (!entered.has_value()) {
      for (std::uint64_t i = 0; i < sector_count(node_->live.size()); ++i) {
        if (sector(node_->live, i) != sector(node_->durable, i)) {
          node_->lost.insert(i);
        }
      }
      return entered;
    }
    system_.sync(*node_);
    return {};
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    TRY(check_open());
    return system_.resize(*node_, path_, size_bytes, "truncate");
  }

  Result<void> preallocate(std::uint64_t size_bytes) override {
    TRY(check_open());
    return system_.resize(*node_, path_, size_bytes, "reserve room for");
  }

  Result<std::uint64_t> size() override {
    TRY(check_open());
    const MutexLock lock(system_.mutex_);
    TRY(system_.enter("ask the size of", path_));
    return static_cast<std::uint64_t>(node_->live.size());
  }

 private:
  Result<void> check_open() {
    const MutexLock lock(system_.mutex_);
    if (generation_ != system_.generation_) {
      return internal_error(fmt::format("{}: closed by the end of its process", path_));
    }
    return {};
  }

  FaultFileSystem& system_;
  const NodeRef node_;
  const std::string path_;
  const std::uint64_t generation_;
};

class FaultFileSystem::FaultLock final : public Lock {
 public:
  FaultLock(FaultFileSystem& system, std::string path, std::uint64_t generation)
      : system_(system), path_(std::move(path)), generation_(generation) {}
  ~FaultLock() override {
    const MutexLock lock(system_.mutex_);
    if (generation_ == system_.generation_) {
      system_.locks_.erase(path_);
    }
  }
  FaultLock(const FaultLock&) = delete;
  FaultLock& operator=(const FaultLock&) = delete;

 private:
  FaultFileSystem& system_;
  const std::string path_;
  const std::uint64_t generation_;
};

void FaultFileSystem::fail_calls(std::uint64_t first, ErrorCode code, std::uint64_t count) {
  const MutexLock lock(mutex_);
  calls_ = 0;
  has_failed_ = false;
  fail_first_ = first;
  fail_count_ = count;
  fail_code_ = code;
}

std::uint64_t FaultFileSystem::call_count() const {
  const MutexLock lock(mutex_);
  return calls_;
}

bool FaultFileSystem::has_failed() const {
  const MutexLock lock(mutex_);
  return has_failed_;
}

std::uint64_t FaultFileSystem::sync_count() const {
  const MutexLock lock(mutex_);
  return syncs_;
}

void FaultFileSystem::set_capacity(std::uint64_t size_bytes) {
  const MutexLock lock(mutex_);
  capacity_ = size_bytes;
}

void FaultFileSystem::kill() {
  const MutexLock lock(mutex_);
  is_running_ = false;
  ++generation_;
  locks_.clear();
}

void FaultFileSystem::cut_power() {
  kill();
  const MutexLock lock(mutex_);
  lose_names();
  for (const auto& [path, node] : names_) {
    lose_unsynced(*node);
  }
}

void FaultFileSystem::start() {
  const MutexLock lock(mutex_);
  is_running_ = true;
  fail_first_ = 0;
}

void FaultFileSystem::put(const std::string& path, std::string content) {
  const MutexLock lock(mutex_);
  auto node = std::make_shared<Node>();
  node->live = content;
  node->durable = std::move(content);
  names_[path] = node;
  durable_names_[path] = std::move(node);
}

std::string FaultFileSystem::content(const std::string& path) const {
  const MutexLock lock(mutex_);
  const auto found = names_.find(path);
  CHECK(found != names_.end());
  return found->second->live;
}

void FaultFileSystem::flip_bit(const std::string& path, std::uint64_t bit_index) {
  std::string bytes = content(path);
  char& byte = bytes.at(static_cast<std::size_t>(bit_index / 8));
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit_index % 8)));
  put(path, std::move(bytes));
}

void FaultFileSystem::make_unreadable(const std::string& path, std::uint64_t offset,
                                      std::uint64_t size_bytes) {
  const MutexLock lock(mutex_);
  const auto found = names_.find(path);
  CHECK(found != names_.end());
  found->second->unreadable_begin = offset;
  found->second->unreadable_end = offset + size_bytes;
}

Result<void> FaultFileSystem::enter(std::string_view act, const std::string& path) {
  if (!is_running_) {
    return internal_error(fmt::format("{} {}: the machine is off", act, path));
  }
  ++calls_;
  if (fail_first_ != 0 && calls_ >= fail_first_ && calls_ - fail_first_ < fail_count_) {
    has_failed_ = true;
    return Error{fail_code_, fmt::format("{} {}: failed by the test", act, path)};
  }
  return {};
}

Result<FaultFileSystem::NodeRef> FaultFileSystem::find(const std::string& path) {
  const auto found = names_.find(path);
  if (found == names_.end()) {
    return not_found(fmt::format("{}: no such file", path));
  }
  return found->second;
}

std::uint64_t FaultFileSystem::used_bytes() const {
  std::uint64_t total = 0;
  for (const auto& [path, node] : names_) {
    total += node->live.size();
  }
  return total;
}

Result<void> FaultFileSystem::write(Node& node, const std::string& path, std::uint64_t offset,
                                    std::span<const std::string_view> pieces) {
  const MutexLock lock(mutex_);
  std::string bytes;
  for (const std::string_view piece : pieces) {
    bytes.append(piece);
  }
  auto entered = enter("write", path);
  if (!entered.has_value()) {
    if (is_running_) {
      bytes.resize(static_cast<std::size_t>(random_.below(bytes.size() + 1)));
      overwrite(node, offset, bytes);
    }
    return entered;
  }
  const std::uint64_t room = capacity_ - std::min(capacity_, used_bytes());
  const std::uint64_t size_max = node.live.size() + room;
  if (offset + bytes.size() > size_max) {
    bytes.resize(static_cast<std::size_t>(size_max - std::min(size_max, offset)));
    overwrite(node, offset, bytes);
    return resource_exhausted(fmt::format("write {}: no space left on device", path));
  }
  overwrite(node, offset, bytes);
  return {};
}

void FaultFileSystem::overwrite(Node& node, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  const auto begin = static_cast<std::size_t>(offset);
  if (begin + bytes.size() > node.live.size()) {
    node.live.resize(begin + bytes.size(), '\0');
  }
  std::copy(bytes.begin(), bytes.end(), node.live.begin() + static_cast<std::ptrdiff_t>(begin));
  for (std::uint64_t i = offset / kSectorBytes; i < sector_count(begin + bytes.size()); ++i) {
    node.lost.erase(i);
  }
}

Result<void> FaultFileSystem::resize(Node& node, const std::string& path, std::uint64_t size_bytes,
                                     std::string_view act) {
  const MutexLock lock(mutex_);
  TRY(enter(act, path));
  const std::uint64_t room = capacity_ - std::min(capacity_, used_bytes());
  if (size_bytes > node.live.size() + room) {
    return resource_exhausted(fmt::format("{} {}: no space left on device", act, path));
  }
  node.live.resize(static_cast<std::size_t>(size_bytes), '\0');
  return {};
}

void FaultFileSystem::sync(Node& node) {
  node.durable.resize(node.live.size(), '\0');
  for (std::uint64_t i = 0; i < sector_count(node.live.size()); ++i) {
    if (!node.lost.contains(i)) {
      copy_sector(node.durable, node.live, i);
    }
  }
}

void FaultFileSystem::lose_unsynced(Node& node) {
  std::string survived = node.durable;
  // The size and each sector make it to the device or not, in any order.
  if (node.live.size() != node.durable.size() && random_.below(2) == 0) {
    survived.resize(node.live.size(), '\0');
  }
  for (std::uint64_t i = 0; i < sector_count(survived.size()); ++i) {
    if (!node.lost.contains(i) && sector(node.live, i) != sector(node.durable, i) &&
        random_.below(2) == 0) {
      copy_sector(survived, node.live, i);
    }
  }
  node.live = survived;
  node.durable = std::move(survived);
  node.lost.clear();
}

void FaultFileSystem::lose_names() {
  // A journal keeps a prefix of the changes; a file system without one keeps any of them.
  const bool is_prefix = random_.below(2) == 0;
  const std::uint64_t prefix = random_.below(changes_.size() + 1);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const NameChange& change = changes_[i];
    if (is_prefix ? i >= prefix : random_.below(2) == 0) {
      continue;
    }
    const auto from = durable_names_.find(change.from);
    if (from != durable_names_.end() && from->second == change.node) {
      durable_names_.erase(from);
    }
    if (!change.to.empty()) {
      durable_names_[change.to] = change.node;
    }
  }
  changes_.clear();
  names_ = durable_names_;
}

Result<std::unique_ptr<File>> FaultFileSystem::create_file(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("create", path));
  if (names_.contains(path)) {
    return Error{ErrorCode::FailedPrecondition, fmt::format("create {}: file exists", path)};
  }
  auto node = std::make_shared<Node>();
  names_[path] = node;
  changes_.push_back({"", path, node});
  return std::unique_ptr<File>(
      std::make_unique<FaultFile>(*this, std::move(node), path, generation_));
}

Result<std::unique_ptr<File>> FaultFileSystem::open_file(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("open", path));
  NodeRef node = TRY(find(path));
  return std::unique_ptr<File>(
      std::make_unique<FaultFile>(*this, std::move(node), path, generation_));
}

Result<void> FaultFileSystem::rename_file(const std::string& from, const std::string& to) {
  const MutexLock lock(mutex_);
  TRY(enter("rename", from));
  NodeRef node = TRY(find(from));
  names_.erase(from);
  names_[to] = node;
  changes_.push_back({from, to, std::move(node)});
  return {};
}

Result<void> FaultFileSystem::remove_file(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("remove", path));
  NodeRef node = TRY(find(path));
  names_.erase(path);
  changes_.push_back({path, "", std::move(node)});
  return {};
}

Result<void> FaultFileSystem::create_directories(const std::string& path) {
  const MutexLock lock(mutex_);
  return enter("create folder", path);
}

Result<void> FaultFileSystem::sync_directory(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("sync folder", path));
  std::vector<NameChange> rest;
  for (NameChange& change : changes_) {
    const std::string& name = change.to.empty() ? change.from : change.to;
    if (folder_of(name) != path) {
      rest.push_back(std::move(change));
      continue;
    }
    const auto from = durable_names_.find(change.from);
    if (from != durable_names_.end() && from->second == change.node) {
      durable_names_.erase(from);
    }
    if (!change.to.empty()) {
      durable_names_[change.to] = change.node;
    }
  }
  changes_ = std::move(rest);
  return {};
}

Result<std::vector<std::string>> FaultFileSystem::list_files(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("list folder", path));
  std::vector<std::string> names;
  for (const auto& [file, node] : names_) {
    if (folder_of(file) == path) {
      names.push_back(file.substr(path.size() + 1));
    }
  }
  return names;
}

Result<bool> FaultFileSystem::exists(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("look for", path));
  return names_.contains(path);
}

Result<std::uint64_t> FaultFileSystem::free_bytes(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("ask the free room of", path));
  return capacity_ - std::min(capacity_, used_bytes());
}

Result<std::unique_ptr<FileSystem::Lock>> FaultFileSystem::lock_file(const std::string& path) {
  const MutexLock lock(mutex_);
  TRY(enter("lock", path));
  if (!locks_.insert(path).second) {
    return Error{ErrorCode::FailedPrecondition,
                 fmt::format("{} is locked by another process", path)};
  }
  return std::unique_ptr<Lock>(std::make_unique<FaultLock>(*this, path, generation_));
}

}  // namespace waybill::os
