// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/result.h"
#include "model/span_batch.h"
#include "model/testing/random_batch.h"
#include "os/system_clock.h"
#include "os/testing/fault_file_system.h"
#include "os/testing/manual_clock.h"
#include "storage/catalog/catalog.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "storage/store/store.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/plain_list.h"
#include "storage/testing/print_page.h"

namespace waybill::storage {
namespace {

constexpr std::string_view kFolder = "/data";

Filter duration_at_least(std::int64_t nanos) {
  return Filter::test({Column::Duration, "", Compare::GreaterEqual, nanos});
}

Filter service_is(std::string name) {
  return Filter::test({Column::Service, "", Compare::Equal, std::move(name)});
}

// Spans of a few traces: small numbers, so that ids, times and names collide and traces lie in
// several parts.
model::SpanBatch small_batch(std::uint64_t seed) {
  Random random(seed);
  BatchBuilder batch;
  const std::size_t span_count = 1 + random.below(30);
  for (std::size_t i = 0; i < span_count; ++i) {
    batch.service("service" + std::to_string(random.below(4)));
    const std::uint64_t start = random.below(100);
    batch.span(1 + random.below(12), 1 + random.below(6), random.below(6),
               "name" + std::to_string(random.below(3)), start, start + random.below(50));
    if (random.below(5) == 0) {
      batch.error("broken");
    }
  }
  return batch.take();
}

ScanRequest random_request(Random& random) {
  ScanRequest request;
  request.trace_count_max = 1 + random.below(15);
  if (random.below(2) == 0) {
    request.time = {random.below(150), random.below(150) + 1};
  }
  if (random.below(3) == 0) {
    request.filter = duration_at_least(static_cast<std::int64_t>(random.below(50)));
  } else if (random.below(3) == 0) {
    request.filter = service_is("service" + std::to_string(random.below(5)));
  }
  if (random.below(4) == 0) {
    request.trace_ids = {{0, 1 + random.below(14)}, {0, 1 + random.below(14)}};
  }
  return request;
}

// A store on a file system in memory, what its log would hold, and the reference with the same
// spans.
struct World {
  explicit World(std::uint64_t seed = 1) : files(seed) {}

  // After a start of the program: what is logged and not yet covered comes again.
  Result<void> open() {
    store.reset();
    options.directory = kFolder;
    options.compaction.target_spans = 64;
    options.compaction.spans_max = 128;
    report = {};
    store = TRY(Store::open(options, {files, metrics}, clock, report));
    for (std::size_t i = 0; i < logged.size(); ++i) {
      store->append_replayed(small_batch(logged[i]), receipt_of(i));
    }
    return {};
  }

  void append(std::uint64_t seed) {
    logged.push_back(seed);
    model::SpanBatch batch = small_batch(seed);
    auto room = store->reserve(batch);
    ASSERT_TRUE(room);
    store->append(std::move(batch), std::move(room).value(), receipt_of(logged.size() - 1));
    reference.append(small_batch(seed));
  }

  static Receipt receipt_of(std::size_t index) { return {index + 1, 1'000 + index}; }

  ScanPage scan(const SpanReader& reader, const ScanRequest& request) {
    auto page = reader.scan(request);
    EXPECT_TRUE(page) << page.error().message;
    return page ? std::move(page).value() : ScanPage();
  }

  // The same traces in the same order, however they are paged.
  void expect_same(const ScanRequest& request) {
    ScanRequest whole = request;
    whole.trace_count_max = 1000;
    const std::string wanted = print_traces(scan(reference, whole));
    EXPECT_EQ(print_traces(scan(*store, whole)), wanted);
    std::string paged;
    ScanRequest rest = request;
    do {
      const ScanPage page = scan(*store, rest);
      EXPECT_LE(page.traces.size(), request.trace_count_max);
      paged += print_traces(page);
      rest.after = page.next;
    } while (rest.after && !testing::Test::HasFailure());
    EXPECT_EQ(paged, wanted);
  }

  void expect_all_same(std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 12 && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("request " + std::to_string(i));
      expect_same(random_request(random));
    }
  }

  os::FaultFileSystem files;
  os::ManualClock clock;
  MetricRegistry metrics;
  StoreOptions options;
  CatalogReport report;
  std::vector<std::uint64_t> logged;
  PlainList reference{clock};
  std::unique_ptr<Store> store;
};

TEST(StoreOnDisk, AnswersAsThePlainListDoesInMemorySealedMergedAndReopened) {
  World world;
  for (std::uint64_t seed = 1; seed <= 12 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_TRUE(world.open());
    Random random(seed);
    world.append(random.next());
    world.append(random.next());
    world.expect_all_same(seed);
    ASSERT_TRUE(world.store->seal());
    world.expect_all_same(seed);
    world.append(random.next());
    world.expect_all_same(seed);
    if (seed % 3 == 0) {
      ASSERT_TRUE(world.store->seal());
      ASSERT_TRUE(world.store->settle_down());
      world.expect_all_same(seed);
    }
    EXPECT_EQ(world.store->totals().time, world.reference.totals().time);
  }
}

TEST(StoreOnDisk, SealingCoversTheLogAndAnEmptyWindowMakesNoBlock) {
  World world;
  ASSERT_TRUE(world.open());
  EXPECT_EQ(world.store->log_covered_to(), 0U);
  world.append(1);
  world.append(2);
  ASSERT_TRUE(world.store->seal());
  EXPECT_EQ(world.store->log_covered_to(), 3U);
  EXPECT_EQ(world.store->totals().block_count, 1U);
  ASSERT_TRUE(world.store->seal());
  EXPECT_EQ(world.store->totals().block_count, 1U);
}

TEST(StoreOnDisk, SealsWhatWasNotLogged) {
  World world;
  ASSERT_TRUE(world.open());
  world.append(1);
  ASSERT_TRUE(world.store->seal());
  model::SpanBatch batch = small_batch(2);
  auto room = world.store->reserve(batch);
  world.store->append(std::move(batch), std::move(room).value(), {});
  ASSERT_TRUE(world.store->seal());
  EXPECT_EQ(world.store->log_covered_to(), 2U);
  EXPECT_EQ(world.store->totals().block_count, 2U);
}

TEST(StoreOnDisk, GivesTheMemoryOfASealedWindowBack) {
  World world;
  ASSERT_TRUE(world.open());
  world.append(1);
  EXPECT_GT(world.store->totals().size_bytes, 0U);
  ASSERT_TRUE(world.store->seal());
  EXPECT_EQ(world.store->totals().size_bytes, 0U);
}

TEST(StoreOnDisk, MergesSmallBlocksAndDeletesTheirFiles) {
  World world;
  ASSERT_TRUE(world.open());
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    world.append(seed);
    ASSERT_TRUE(world.store->seal());
  }
  EXPECT_EQ(world.store->totals().block_count, 12U);
  ASSERT_TRUE(world.store->settle_down());
  EXPECT_LT(world.store->totals().block_count, 12U);
  world.expect_all_same(7);
  EXPECT_EQ(world.files.list_files(std::string(kFolder) + "/blocks")->size(),
            world.store->totals().block_count);
}

TEST(StoreOnDisk, CountsServicesOverMemoryAndBlocks) {
  World world;
  ASSERT_TRUE(world.open());
  for (std::uint64_t i = 1; i <= 3; ++i) {
    BatchBuilder builder;
    builder.service("cart").span(i, 1, 0, "GET /cart", 10 * i, 10 * i + 5);
    world.store->append_replayed(builder.take(), world.receipt_of(i));
    ASSERT_TRUE(i == 3 || world.store->seal());
  }
  ASSERT_EQ(world.store->services().size(), 1U);
  EXPECT_EQ(world.store->services()[0].span_count, 3U);
  const auto operations = world.store->operations("cart");
  ASSERT_EQ(operations.size(), 1U);
  EXPECT_EQ(operations[0].name, "GET /cart");
  EXPECT_EQ(operations[0].span_count, 3U);
  EXPECT_TRUE(world.store->operations("nobody").empty());
}

TEST(StoreOnDisk, ForgetsWhatIsOlderThanItsServiceMayBe) {
  World world;
  world.options.retention.service_age_max["chatty"] = std::chrono::hours(1);
  world.options.retention.age_max = std::chrono::hours(3);
  ASSERT_TRUE(world.open());
  const UnixNanos now = world.clock.now();
  BatchBuilder builder;
  builder.service("chatty").span(1, 1, 0, "first", 10, 50).span(2, 1, 0, "alone", 30, 40);
  builder.service("shop").span(1, 2, 1, "second", 20, 45);
  world.store->append_replayed(builder.take(), {1, now});
  ASSERT_TRUE(world.store->seal());
  ASSERT_TRUE(world.store->settle_down());
  EXPECT_EQ(world.store->totals().span_count, 3U);

  world.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(world.store->settle_down());
  {
    const ScanPage page = world.scan(*world.store, {});
    ASSERT_EQ(page.traces.size(), 1U);
    ASSERT_EQ(page.traces[0].spans.size(), 1U);
    EXPECT_EQ(page.traces[0].spans[0]->name, "second");
  }
  EXPECT_EQ(world.store->services().size(), 1U);

  world.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(world.store->settle_down());
  EXPECT_EQ(world.store->totals().block_count, 0U);
  EXPECT_TRUE(world.files.list_files(std::string(kFolder) + "/blocks")->empty());
}

// Waits for the background thread, a minute at most.
bool becomes_true(const std::function<bool()>& condition) {
  const auto clock = os::make_system_clock();
  const auto end = clock->steady() + std::chrono::minutes(1);
  while (!condition() && clock->steady() < end) {
    std::this_thread::yield();
  }
  return condition();
}

TEST(StoreOnDisk, SealsFullAndOldWindowsByItselfAndTellsTheLog) {
  World world;
  world.options.window_span_count = 50;
  world.options.upkeep_interval = std::chrono::milliseconds(1);
  ASSERT_TRUE(world.open());
  Mutex mutex;
  std::uint64_t covered_to = 0;
  world.store->start([&](std::uint64_t position) {
    const MutexLock lock(mutex);
    covered_to = position;
  });
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    world.append(seed);
  }
  EXPECT_TRUE(becomes_true([&] { return world.store->totals().block_count > 0; }));
  world.expect_all_same(1);
  world.clock.advance(std::chrono::minutes(11));
  EXPECT_TRUE(becomes_true([&] { return world.store->totals().size_bytes == 0; }));
  EXPECT_TRUE(becomes_true([&] {
    const MutexLock lock(mutex);
    return covered_to == 11;
  }));
  world.expect_all_same(2);
}

TEST(StoreOnDisk, RefusesSpansWhileTheDiskIsNearlyFull) {
  World world;
  world.options.upkeep_interval = std::chrono::milliseconds(1);
  world.options.disk.reserve_bytes = std::uint64_t{1} << 20;
  ASSERT_TRUE(world.open());
  world.append(1);
  world.files.set_capacity(std::uint64_t{1} << 20);
  world.store->start([](std::uint64_t) {});
  const auto refused = world.store->reserve(small_batch(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  world.expect_all_same(1);
  world.files.set_capacity(std::uint64_t{4} << 20);
  EXPECT_TRUE(becomes_true([&] { return world.store->reserve(small_batch(2)).has_value(); }));
}

TEST(StoreOnDisk, GoesOnWithoutABlockThatCanNotBeMerged) {
  World world;
  ASSERT_TRUE(world.open());
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    world.append(seed);
    ASSERT_TRUE(world.store->seal());
  }
  const std::string folder = std::string(kFolder) + "/blocks";
  const auto names = world.files.list_files(folder).value();
  world.files.flip_bit(folder + "/" + names[3], 300 * 8);
  EXPECT_FALSE(world.store->settle_down());
  ASSERT_TRUE(world.store->settle_down());
  EXPECT_EQ(world.scan(*world.store, {}).unreadable_block_count, 1U);
  EXPECT_TRUE(world.files.exists(folder + "/" + names[3]).value());
}

TEST(StoreOnDisk, LeavesADamagedBlockOutAndSaysSo) {
  World world;
  ASSERT_TRUE(world.open());
  world.append(1);
  ASSERT_TRUE(world.store->seal());
  world.append(2);
  ASSERT_TRUE(world.store->seal());
  const std::string folder = std::string(kFolder) + "/blocks";
  const auto names = world.files.list_files(folder).value();
  ASSERT_EQ(names.size(), 2U);
  world.store.reset();
  world.files.put(folder + "/" + names[0], "not a block");
  ASSERT_TRUE(world.open());
  const ScanPage page = world.scan(*world.store, {});
  EXPECT_EQ(page.unreadable_block_count, 1U);
  EXPECT_FALSE(page.traces.empty());
  EXPECT_EQ(world.store->totals().block_count, 1U);
}

// Seal, seal, merge: whatever call fails, nothing that was acknowledged is lost, and after a start
// the answers are right.

// What fails in a day is tried again by the next start.
void work(World& world) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    world.append(seed);
    static_cast<void>(world.store->seal().has_value());
  }
  static_cast<void>(world.store->settle_down().has_value());
}

std::uint64_t calls_of_a_day() {
  World world;
  EXPECT_TRUE(world.open());
  world.files.fail_calls(UINT64_MAX, ErrorCode::Internal);
  work(world);
  return world.files.call_count();
}

TEST(StoreOnBadDays, LosesNothingWhicheverCallFails) {
  const std::uint64_t call_count = calls_of_a_day();
  ASSERT_GT(call_count, 40U);
  for (const ErrorCode code : {ErrorCode::Internal, ErrorCode::ResourceExhausted}) {
    for (std::uint64_t n = 1; n <= call_count && !testing::Test::HasFailure(); ++n) {
      SCOPED_TRACE("call " + std::to_string(n));
      World world(n);
      ASSERT_TRUE(world.open());
      world.files.fail_calls(n, code);
      work(world);
      world.files.fail_calls(UINT64_MAX, ErrorCode::Internal);
      world.expect_same({});
      ASSERT_TRUE(world.open());
      world.expect_same({});
    }
  }
}

TEST(StoreOnBadDays, LosesNothingWhenThePowerGoesAtAnyCall) {
  const std::uint64_t call_count = calls_of_a_day();
  for (std::uint64_t n = 1; n <= call_count && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("call " + std::to_string(n));
    World world(n);
    ASSERT_TRUE(world.open());
    world.files.fail_calls(n, ErrorCode::Internal, UINT64_MAX - n);
    work(world);
    world.store.reset();
    world.files.cut_power();
    world.files.start();
    world.files.fail_calls(UINT64_MAX, ErrorCode::Internal);
    ASSERT_TRUE(world.open());
    world.expect_same({});
    ASSERT_TRUE(world.store->seal());
    world.expect_same({});
  }
}

}  // namespace
}  // namespace waybill::storage
