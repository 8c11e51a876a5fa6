// SPDX-License-Identifier: Apache-2.0
//
// What a catalog of many blocks costs: to open, to commit to, to plan over, and in memory. The
// blocks' files are empty; the folder must be empty too.
//
//   catalog_bench FOLDER [BLOCKS]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "os/file_system.h"
#include "os/system_clock.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/compaction.h"
#include "storage/catalog/retention.h"

namespace waybill::storage {
namespace {

constexpr std::uint64_t kSpans = 300'000;
constexpr std::uint64_t kFileBytes = 10'500'000;  // 35 bytes a span
constexpr std::size_t kServices = 20;
constexpr int kRounds = 5;

class Bench final {
 public:
  Bench(std::string folder, std::size_t block_count)
      : block_count_(block_count),
        files_(os::make_posix_file_system()),
        clock_(os::make_system_clock()) {
    options_.directory = std::move(folder);
  }

  void run() {
    open();
    CHECK(catalog_->snapshot()->blocks.empty());
    time("fill, each block", 1, [&] { fill(); }, static_cast<double>(block_count_));
    time("commit of one more block", kRounds, [&] { add(1); });
    for (int i = 0; i < kRounds; ++i) {
      catalog_.reset();
      time("open", 1, [&] { open(); });
    }
    CHECK(catalog_->snapshot()->blocks.size() == block_count_ + kRounds);
    time("first commit after opening", 1, [&] { add(1); });
    time("plan_retention", kRounds, [&] { plan_retention(); });
    time("plan_compaction", kRounds, [&] { CHECK(!plan_compaction().has_value()); });
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    fmt::print("{:<28} {:10.1f} MiB\n", "largest resident memory",
               static_cast<double>(usage.ru_maxrss) / 1024);
    const auto file =
        files_->open_file(options_.directory + "/" + std::string(kManifestName)).value();
    fmt::print("{:<28} {:10.1f} MiB\n", "catalog's file",
               static_cast<double>(file->size().value()) / 1048576);
  }

 private:
  template <typename Act>
  void time(const char* name, int rounds, const Act& act, double parts = 1) {
    const auto begin = clock_->steady();
    for (int i = 0; i < rounds; ++i) {
      act();
    }
    const std::chrono::duration<double, std::milli> taken = clock_->steady() - begin;
    fmt::print("{:<28} {:10.3f} ms\n", name, taken.count() / rounds / parts);
  }

  void open() {
    CatalogReport report;
    catalog_ = Catalog::open(options_, *files_, *clock_, report).value();
    CHECK(report.messages.empty());
  }

  void fill() {
    for (std::size_t made = 0; made < block_count_;) {
      const std::size_t count = std::min(CatalogChange::kAddedMax, block_count_ - made);
      add(count);
      made += count;
    }
  }

  void add(std::size_t count) {
    CatalogChange change;
    for (std::size_t i = 0; i < count; ++i) {
      const BlockId id = catalog_->reserve_block_id().value();
      CHECK(files_->create_file(catalog_->block_path(id)).has_value());
      change.add.push_back(summary(id));
    }
    const auto committed = catalog_->commit(std::move(change));
    CHECK(committed.has_value());
  }

  BlockSummary summary(BlockId id) {
    BlockSummary summary;
    BlockFacts& facts = summary.facts;
    facts.id = id;
    facts.file_bytes = kFileBytes;
    facts.span_count = kSpans;
    facts.trace_count = kSpans / 12;
    facts.min_received = id * 1'000'000'000;
    facts.max_received = facts.min_received + 1'000'000'000;
    facts.min_start = facts.min_received - 1000;
    facts.max_end = facts.max_received;
    facts.max_trace_id = {random_.next(), random_.next()};
    for (std::size_t i = 0; i < kServices; ++i) {
      summary.services.push_back({fmt::format("service-{}", i), kSpans / kServices, 0});
    }
    return summary;
  }

  void plan_retention() {
    RetentionPolicy policy;
    policy.age_max = std::chrono::hours(24);
    policy.service_age_max["service-3"] = std::chrono::hours(12);
    const auto plan = storage::plan_retention(*catalog_->snapshot(), clock_->now(), policy);
    CHECK(!plan.remove.empty());
  }

  std::optional<CompactionPlan> plan_compaction() {
    return storage::plan_compaction(*catalog_->snapshot(), {}, {});
  }

  const std::size_t block_count_;
  const std::unique_ptr<os::FileSystem> files_;
  const std::unique_ptr<Clock> clock_;
  CatalogOptions options_;
  Random random_{1};
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace
}  // namespace waybill::storage

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "catalog_bench FOLDER [BLOCKS]\n");
    return 2;
  }
  const std::size_t block_count =
      argc > 2 ? static_cast<std::size_t>(std::strtoull(argv[2], nullptr, 10)) : 100'000;
  waybill::storage::Bench(argv[1], block_count).run();
  return 0;
}
