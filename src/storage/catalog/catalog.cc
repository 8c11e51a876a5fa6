// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/block_files.h"
#include "storage/catalog/catalog_snapshot.h"
#include "storage/catalog/manifest_file.h"
#include "storage/catalog/manifest_format.h"
#include "storage/catalog/manifest_reader.h"

namespace waybill::storage {
namespace {

// Numbers are promised to the file in stretches, so that most cost no writing.
constexpr BlockId kReservedIds = 256;

std::string join(std::string_view folder, std::string_view name) {
  return fmt::format("{}/{}", folder, name);
}

void tell(CatalogReport& report, std::string message) {
  const std::size_t limit = CatalogReport::kMessagesMax;
  if (report.messages.size() < limit) {
    report.messages.push_back(std::move(message));
  } else if (report.messages.size() == limit) {
    report.messages.emplace_back("there is more of this kind; only the first messages are given");
  }
}

Result<std::string> read_file(os::FileSystem& file_system, const std::string& path) {
  const auto file = TRY(file_system.open_file(path));
  const std::uint64_t size_bytes = TRY(file->size());
  if (size_bytes > kManifestBytesMax) {
    return data_loss(fmt::format("it has {} bytes and can have {}; put a copy of it back",
                                 size_bytes, kManifestBytesMax));
  }
  return file->read_at(0, static_cast<std::size_t>(size_bytes));
}

// A folder without the catalog's file is a new store, unless it has blocks.
Result<ManifestContents> read_contents(const CatalogOptions& options, os::FileSystem& file_system) {
  const std::string path = join(options.directory, kManifestName);
  if (TRY(file_system.exists(path))) {
    const auto bytes = read_file(file_system, path);
    auto contents =
        bytes.has_value() ? read_manifest(*bytes) : Result<ManifestContents>(bytes.error());
    if (!contents.has_value()) {
      return std::move(contents).error().within(fmt::format("catalog {}", path));
    }
    return contents;
  }
  ManifestContents none;
  const std::string folder = join(options.directory, kBlockFolder);
  const BlockFolder found = TRY(list_block_folder(file_system, folder, none));
  if (!found.present.empty()) {
    return data_loss(
        fmt::format("catalog {}: the file is missing, and there are {} blocks in {}; nothing was "
                    "changed: put a copy of it back, or set the folder aside to begin without",
                    path, found.present.size(), folder));
  }
  return none;
}

bool is_sum_of_services(const BlockSummary& summary) {
  std::uint64_t span_count = 0;
  std::uint64_t error_count = 0;
  for (const ServiceCount& service : summary.services) {
    // Each is at most the block's, and so the sums can not overflow.
    if (service.span_count > summary.facts.span_count - span_count ||
        service.error_count > service.span_count) {
      return false;
    }
    span_count += service.span_count;
    error_count += service.error_count;
  }
  return summary.services.empty() ||
         (span_count == summary.facts.span_count && error_count == summary.facts.error_count);
}

std::vector<std::shared_ptr<const BlockEntry>> entries_of(const CatalogSnapshot& snapshot) {
  std::vector<std::shared_ptr<const BlockEntry>> entries;
  entries.reserve(snapshot.blocks.size());
  for (const CatalogBlock& block : snapshot.blocks) {
    entries.push_back(block.entry);
  }
  return entries;
}

}  // namespace

class Catalog::Turn final {
 public:
  explicit Turn(Catalog& catalog) : catalog_(catalog) {
    const MutexLock lock(catalog_.mutex_);
    while (catalog_.is_taken_) {
      catalog_.turn_is_free_.wait(catalog_.mutex_);
    }
    catalog_.is_taken_ = true;
  }
  ~Turn() {
    const MutexLock lock(catalog_.mutex_);
    catalog_.is_taken_ = false;
    catalog_.turn_is_free_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Catalog& catalog_;
};

Catalog::Catalog(Key /*key*/, CatalogOptions options, os::FileSystem& file_system,
                 const Clock& clock, const ManifestContents& contents,
                 std::unique_ptr<os::FileSystem::Lock> lock)
    : options_(std::move(options)),
      blocks_folder_(join(options_.directory, kBlockFolder)),
      file_system_(file_system),
      lock_(std::move(lock)),
      unused_files_(file_system, blocks_folder_),
      manifest_({options_.directory, options_.room_bytes_min, options_.salt_seed},
                contents.rewriting, file_system, clock),
      services_(contents.services),
      next_id_(contents.state.id_limit),
      id_limit_(contents.state.id_limit) {}

Result<std::unique_ptr<Catalog>> Catalog::open(CatalogOptions options, os::FileSystem& file_system,
                                               const Clock& clock, CatalogReport& report) {
  TRY(file_system.create_directories(join(options.directory, kBlockFolder)));
  auto lock = TRY(file_system.lock_file(join(options.directory, kCatalogLockName)));
  const ManifestContents contents = TRY(read_contents(options, file_system));
  for (const std::string& message : contents.messages) {
    tell(report, fmt::format("{}: {}", kManifestName, message));
  }
  auto catalog = std::make_unique<Catalog>(Key(), std::move(options), file_system, clock, contents,
                                           std::move(lock));
  TRY(catalog->take_stock(contents, report));
  auto written = catalog->check_accepting();
  if (written.has_value()) {
    written = catalog->replace(*catalog->snapshot(), contents.state.id_limit + kReservedIds);
  }
  if (!written.has_value()) {
    if (contents.rewriting == 0) {
      return std::move(written).error();
    }
    tell(report, fmt::format("{} can not be written: {}", kManifestName, written.error().message));
    report.is_read_only = !catalog->check_accepting().has_value();
  }
  return catalog;
}

Result<void> Catalog::take_stock(const ManifestContents& contents, CatalogReport& report) {
  BlockFolder found = TRY(list_block_folder(file_system_, blocks_folder_, contents));
  auto stock = std::make_shared<CatalogSnapshot>();
  stock->log_covered_to = contents.state.log_covered_to;
  stock->sequence = contents.state.sequence;
  stock->service_names = services_.names();
  stock->blocks.reserve(contents.blocks.size());
  for (const auto& entry : contents.blocks) {
    const BlockId id = entry->facts.id;
    const bool is_there = std::binary_search(found.present.begin(), found.present.end(), id);
    stock->blocks.push_back({entry, is_there ? BlockState::Present : BlockState::Missing});
    if (!is_there) {
      ++report.missing_count;
      tell(report,
           fmt::format("block {}: its file {} is missing, so its {} spans can not be "
                       "answered until it is put back",
                       id, join(kBlockFolder, block_file_name(id)), entry->facts.span_count));
    }
  }
  for (const std::string& name : found.unknown) {
    tell(report, fmt::format("{}: the catalog can not account for this block; it is set aside "
                             "with the ending {}",
                             join(kBlockFolder, name), kUnknownBlockEnding));
  }
  report.block_count = stock->blocks.size();
  report.leftover_count = found.leftovers.size();
  report.set_aside_count = found.unknown.size();
  leftovers_ = std::move(found.leftovers);
  auto set_aside = set_unknown_aside(file_system_, blocks_folder_, found.unknown);
  const MutexLock lock(mutex_);
  current_ = std::move(stock);
  if (!set_aside.has_value()) {
    // With a new file the unknown blocks' numbers would count as given out, and they would go.
    refusal_ = unavailable(fmt::format("catalog {}: blocks can not be set aside: {}",
                                       options_.directory, set_aside.error().message));
  }
  return {};
}

std::shared_ptr<const CatalogSnapshot> Catalog::snapshot() const {
  const MutexLock lock(mutex_);
  return current_;
}

std::string Catalog::block_path(BlockId id) const {
  return join(blocks_folder_, block_file_name(id));
}

std::string Catalog::unfinished_block_path(BlockId id) const {
  return join(blocks_folder_, unfinished_block_file_name(id));
}

Result<void> Catalog::check_accepting() const {
  const MutexLock lock(mutex_);
  return refusal_.has_value() ? Result<void>(*refusal_) : Result<void>();
}

Error Catalog::refuse(Error error) {
  const MutexLock lock(mutex_);
  refusal_ = unavailable(
      fmt::format("catalog {}: no change is taken until it is opened again, since this failed: {}",
                  options_.directory, error.message));
  return *refusal_;
}

Result<BlockId> Catalog::reserve_block_id() {
  const Turn turn(*this);
  TRY(check_accepting());
  Draft draft;
  {
    const MutexLock lock(mutex_);
    if (next_id_ < id_limit_) {
      reserved_.insert(next_id_);
      return next_id_++;
    }
    draft.id_limit = next_id_ + kReservedIds;
    draft.next = std::make_shared<CatalogSnapshot>(*current_);
  }
  TRY(write(draft));
  const MutexLock lock(mutex_);
  id_limit_ = draft.id_limit;
  reserved_.insert(next_id_);
  return next_id_++;
}

void Catalog::discard(BlockId id) {
  {
    const MutexLock lock(mutex_);
    if (reserved_.erase(id) == 0) {
      return;
    }
  }
  unused_files_.add(block_file_name(id));
  unused_files_.add(unfinished_block_file_name(id));
}

void Catalog::mark_damaged(BlockId id) {
  const Turn turn(*this);
  auto next = std::make_shared<CatalogSnapshot>(*snapshot());
  const CatalogBlock* found = next->find(id);
  if (found == nullptr) {
    return;
  }
  next->blocks[static_cast<std::size_t>(found - next->blocks.data())].state = BlockState::Damaged;
  const MutexLock lock(mutex_);
  current_ = std::move(next);
}

Result<void> Catalog::check(const CatalogSnapshot& before, const CatalogChange& change) const {
  if (change.add.size() > CatalogChange::kAddedMax ||
      change.remove.size() > CatalogChange::kRemovedMax) {
    return invalid_argument(fmt::format("a commit adds at most {} blocks and removes at most {}",
                                        CatalogChange::kAddedMax, CatalogChange::kRemovedMax));
  }
  if (change.log_covered_to.has_value() && *change.log_covered_to < before.log_covered_to) {
    return invalid_argument(fmt::format("the log is covered to {} already, not only to {}",
                                        before.log_covered_to, *change.log_covered_to));
  }
  std::set<BlockId> removed;
  for (const BlockId id : change.remove) {
    if (before.find(id) == nullptr || !removed.insert(id).second) {
      return invalid_argument(fmt::format("block {} is not there to be removed", id));
    }
  }
  if (before.blocks.size() - removed.size() + change.add.size() > options_.block_count_max &&
      !change.add.empty()) {
    return resource_exhausted(
        fmt::format("the catalog holds at most {} blocks", options_.block_count_max));
  }
  std::set<BlockId> added;
  for (const BlockSummary& summary : change.add) {
    TRY(check_block_facts(summary.facts));
    if (!is_sum_of_services(summary)) {
      return invalid_argument(
          fmt::format("block {}: its services do not add up", summary.facts.id));
    }
    const MutexLock lock(mutex_);
    if (!reserved_.contains(summary.facts.id) || !added.insert(summary.facts.id).second) {
      return invalid_argument(
          fmt::format("block {} has a number that was not reserved", summary.facts.id));
    }
  }
  return {};
}

Catalog::Draft Catalog::make_draft(const CatalogSnapshot& before, CatalogChange change) {
  Draft draft;
  draft.next = std::make_shared<CatalogSnapshot>();
  CatalogSnapshot& next = *draft.next;
  next.sequence = before.sequence + 1;
  next.log_covered_to = change.log_covered_to.value_or(before.log_covered_to);
  std::sort(change.add.begin(), change.add.end(),
            [](const auto& left, const auto& right) { return left.facts.id < right.facts.id; });
  for (BlockSummary& summary : change.add) {
    BlockEntry entry;
    entry.facts = summary.facts;
    entry.sequence = next.sequence;
    for (const ServiceCount& service : bound_services(std::move(summary.services))) {
      entry.services.push_back({services_.number(service.name),
                                static_cast<std::uint32_t>(service.span_count),
                                static_cast<std::uint32_t>(service.error_count)});
    }
    merge_services(entry.services);
    draft.added.push_back(std::make_shared<const BlockEntry>(std::move(entry)));
  }
  next.service_names = services_.names();
  std::sort(change.remove.begin(), change.remove.end());
  next.blocks.reserve(before.blocks.size() + draft.added.size());
  for (const CatalogBlock& block : before.blocks) {
    const bool is_removed =
        std::binary_search(change.remove.begin(), change.remove.end(), block.entry->facts.id);
    if (is_removed) {
      draft.removed.push_back(block.entry);
    } else {
      next.blocks.push_back(block);
    }
  }
  const auto kept_count = static_cast<std::ptrdiff_t>(next.blocks.size());
  for (const auto& entry : draft.added) {
    next.blocks.push_back({entry, BlockState::Present});
  }
  // Mostly in order already: new blocks have the largest numbers.
  std::inplace_merge(next.blocks.begin(), next.blocks.begin() + kept_count, next.blocks.end(),
                     [](const CatalogBlock& left, const CatalogBlock& right) {
                       return left.entry->facts.id < right.entry->facts.id;
                     });
  return draft;
}

Result<void> Catalog::commit(CatalogChange change) {
  const Turn turn(*this);
  TRY(check_accepting());
  const auto before = snapshot();
  auto checked = check(*before, change);
  if (!checked.has_value()) {
    return std::move(checked).error().within(fmt::format("catalog {}", options_.directory));
  }
  const bool is_empty =
      change.add.empty() && change.remove.empty() &&
      change.log_covered_to.value_or(before->log_covered_to) == before->log_covered_to;
  if (is_empty) {
    return {};
  }
  Draft draft = make_draft(*before, std::move(change));
  {
    const MutexLock lock(mutex_);
    draft.id_limit = std::max(id_limit_, next_id_ + kReservedIds / 2);
  }
  auto written = write(draft);
  const MutexLock lock(mutex_);
  if (written.has_value() || refusal_.has_value()) {
    // After a failure nobody may discard them: perhaps they are in the catalog of the next start.
    for (const auto& entry : draft.added) {
      reserved_.erase(entry->facts.id);
    }
  }
  if (!written.has_value()) {
    return written;
  }
  for (const auto& entry : draft.removed) {
    unused_files_.add_removed(entry);
  }
  id_limit_ = draft.id_limit;
  current_ = std::move(draft.next);
  ++commit_count_;
  return {};
}

Result<void> Catalog::write(const Draft& draft) {
  if (!draft.added.empty()) {
    auto synced = file_system_.sync_directory(blocks_folder_);
    if (!synced.has_value()) {
      return refuse(std::move(synced).error());
    }
  }
  std::vector<BlockId> removed;
  removed.reserve(draft.removed.size());
  for (const auto& entry : draft.removed) {
    removed.push_back(entry->facts.id);
  }
  const ManifestState state{draft.next->log_covered_to, draft.id_limit, draft.next->sequence};
  const auto names = services_.names();
  const std::string payload = encode_manifest_change(state, removed, draft.added, *names);
  if (!manifest_.has_room(payload.size())) {
    return replace(*draft.next, draft.id_limit);
  }
  auto appended = manifest_.append(payload);
  return appended.has_value() ? Result<void>() : refuse(std::move(appended).error());
}

Result<void> Catalog::replace(const CatalogSnapshot& next, BlockId id_limit) {
  const std::vector<std::shared_ptr<const BlockEntry>> entries = entries_of(next);
  const auto names = services_.names();
  auto replaced = manifest_.replace(
      {ManifestState{next.log_covered_to, id_limit, next.sequence}, entries, *names});
  if (!replaced.has_value()) {
    const bool nothing_happened = replaced.error().code == ErrorCode::ResourceExhausted;
    return nothing_happened
               ? std::move(replaced).error().within(fmt::format("catalog {}", options_.directory))
               : refuse(std::move(replaced).error());
  }
  for (std::string& name : leftovers_) {
    unused_files_.add(std::move(name));
  }
  leftovers_.clear();
  const MutexLock lock(mutex_);
  ++rewriting_count_;
  id_limit_ = id_limit;
  return {};
}

CatalogStatus Catalog::status() const {
  CatalogStatus status;
  const auto current = snapshot();
  status.block_count = current->blocks.size();
  status.unreadable_count = static_cast<std::size_t>(
      std::count_if(current->blocks.begin(), current->blocks.end(),
                    [](const auto& block) { return block.state != BlockState::Present; }));
  status.log_covered_to = current->log_covered_to;
  status.files = unused_files_.counts();
  const MutexLock lock(mutex_);
  status.commit_count = commit_count_;
  status.rewriting_count = rewriting_count_;
  status.refusal = refusal_;
  return status;
}

}  // namespace waybill::storage
