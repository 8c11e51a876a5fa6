// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/testing/fault_file_system.h"
#include "os/testing/manual_clock.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_snapshot.h"
#include "storage/catalog/manifest_format.h"

namespace waybill::storage {

// What the catalog should say, kept outside of it.
struct CatalogModel {
  std::map<BlockId, std::uint64_t> spans;
  std::uint64_t log_covered_to = 0;

  friend bool operator==(const CatalogModel&, const CatalogModel&) = default;
};

inline CatalogModel model_of(const CatalogSnapshot& snapshot) {
  CatalogModel model;
  model.log_covered_to = snapshot.log_covered_to;
  for (const CatalogBlock& block : snapshot.blocks) {
    model.spans[block.entry->facts.id] = block.entry->facts.span_count;
  }
  return model;
}

// A block of this many spans, two of them errors where there are two.
inline BlockSummary block_summary(BlockId id, std::uint64_t span_count,
                                  std::vector<ServiceCount> services = {}) {
  BlockSummary summary;
  summary.facts.id = id;
  summary.facts.file_bytes = span_count * 30;
  summary.facts.span_count = span_count;
  summary.facts.trace_count = (span_count + 9) / 10;
  summary.facts.error_count = std::min<std::uint64_t>(2, span_count);
  summary.facts.min_start = 1000 * id;
  summary.facts.max_end = 1000 * id + 1500;
  summary.facts.min_received = 1000 * id + 10;
  summary.facts.max_received = 1000 * id + 1600;
  summary.facts.max_trace_id = {~std::uint64_t{0}, id};
  summary.facts.footer_checksum = id * 77;
  summary.services = std::move(services);
  return summary;
}

// A store's catalog on a file system in memory that can be stopped and opened again. One thread.
class CatalogHarness final {
 public:
  explicit CatalogHarness(std::uint64_t seed = 1) : files(seed) {
    options.directory = "/store";
    options.room_bytes_min = 1;
    options.salt_seed = seed;
  }

  Result<void> open() {
    catalog.reset();
    report = {};
    auto opened = Catalog::open(options, files, clock, report);
    if (!opened.has_value()) {
      return std::move(opened).error();
    }
    catalog = *std::move(opened);
    return {};
  }

  Result<void> kill_and_open() {
    files.kill();
    catalog.reset();
    files.start();
    return open();
  }

  Result<void> cut_power_and_open() {
    files.cut_power();
    catalog.reset();
    files.start();
    return open();
  }

  // Writes what a block's writer would, as far as the device lets it.
  Result<void> write_block_file(BlockId id) {
    const auto file = TRY(files.create_file(catalog->unfinished_block_path(id)));
    const std::string content = block_content(id);
    const std::string_view piece = content;
    TRY(file->write_at(0, std::span(&piece, 1)));
    TRY(file->sync_data());
    return files.rename_file(catalog->unfinished_block_path(id), catalog->block_path(id));
  }

  // A number, a file, a commit.
  Result<BlockId> seal(std::uint64_t span_count, std::vector<ServiceCount> services = {}) {
    const BlockId id = TRY(catalog->reserve_block_id());
    TRY(write_block_file(id));
    CatalogChange change;
    change.add.push_back(block_summary(id, span_count, std::move(services)));
    TRY(catalog->commit(std::move(change)));
    return id;
  }

  Result<void> remove(std::vector<BlockId> ids) {
    CatalogChange change;
    change.remove = std::move(ids);
    return catalog->commit(std::move(change));
  }

  bool has_file(BlockId id) { return *files.exists("/store/blocks/" + block_file_name(id)); }

  std::vector<std::string> block_files() { return *files.list_files("/store/blocks"); }

  // Not a byte more fits on the device.
  void fill_device() {
    files.set_capacity(UINT64_MAX / 2);
    files.set_capacity(UINT64_MAX / 2 - *files.free_bytes("/store"));
  }

  CatalogModel model() const { return model_of(*catalog->snapshot()); }

  static std::string block_content(BlockId id) { return "block " + std::to_string(id); }
  static std::string manifest_path() { return "/store/" + std::string(kManifestName); }

  os::FaultFileSystem files;
  os::ManualClock clock;
  CatalogOptions options;
  CatalogReport report;
  std::unique_ptr<Catalog> catalog;
};

}  // namespace waybill::storage
