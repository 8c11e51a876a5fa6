// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "storage/testing/catalog_harness.h"

namespace waybill::storage {
namespace {

using Names = std::vector<std::string>;

bool has_message(const CatalogReport& report, const std::string& part) {
  return std::any_of(report.messages.begin(), report.messages.end(),
                     [&](const auto& message) { return message.find(part) != std::string::npos; });
}

class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(harness.open().has_value()); }

  BlockId seal(std::uint64_t span_count) {
    auto id = harness.seal(span_count);
    EXPECT_TRUE(id.has_value());
    return id.has_value() ? *id : 0;
  }

  ErrorCode commit_error(CatalogChange change) {
    const auto result = harness.catalog->commit(std::move(change));
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? ErrorCode::Unknown : result.error().code;
  }

  CatalogHarness harness;
};

TEST_F(CatalogTest, BeginsEmpty) {
  EXPECT_EQ(harness.model(), CatalogModel());
  EXPECT_TRUE(harness.report.messages.empty());
  EXPECT_EQ(harness.catalog->reserve_block_id().value(), 1U);
}

TEST_F(CatalogTest, KeepsEveryFieldOverARestart) {
  const BlockId id = harness.catalog->reserve_block_id().value();
  ASSERT_TRUE(harness.write_block_file(id).has_value());
  BlockSummary summary = block_summary(id, 100, {{"cart", 60, 2}, {"auth", 40, 0}});
  summary.facts.level = 3;
  summary.facts.generation = 2;
  summary.facts.min_start = 0;
  summary.facts.max_end = UINT64_MAX;
  summary.facts.retention_applied_at = 55;
  summary.facts.min_trace_id = {1, 2};
  CatalogChange change;
  change.add.push_back(summary);
  change.log_covered_to = 42;
  ASSERT_TRUE(harness.catalog->commit(std::move(change)).has_value());
  ASSERT_TRUE(harness.cut_power_and_open().has_value());

  const auto snapshot = harness.catalog->snapshot();
  ASSERT_EQ(snapshot->blocks.size(), 1U);
  const CatalogBlock& block = snapshot->blocks.front();
  EXPECT_EQ(block.state, BlockState::Present);
  EXPECT_EQ(block.entry->facts, summary.facts);
  EXPECT_EQ(block.entry->sequence, 1U);
  EXPECT_EQ(snapshot->log_covered_to, 42U);
  std::map<std::string, BlockService> services;
  for (const BlockService& service : block.entry->services) {
    services[std::string(snapshot->service_name(service.service))] = service;
  }
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(services["cart"].span_count, 60U);
  EXPECT_EQ(services["cart"].error_count, 2U);
  EXPECT_EQ(services["auth"].span_count, 40U);
}

TEST_F(CatalogTest, SnapshotsNeverChange) {
  const BlockId id = seal(10);
  const auto before = harness.catalog->snapshot();
  const BlockId other = seal(20);
  ASSERT_TRUE(harness.remove({id}).has_value());
  EXPECT_EQ(model_of(*before).spans, (std::map<BlockId, std::uint64_t>{{id, 10}}));
  EXPECT_EQ(harness.model().spans, (std::map<BlockId, std::uint64_t>{{other, 20}}));
  EXPECT_NE(before->find(id), nullptr);
  EXPECT_EQ(before->find(other), nullptr);
  EXPECT_EQ(harness.catalog->snapshot()->find(id), nullptr);
}

TEST_F(CatalogTest, NeverGivesANumberTwice) {
  BlockId last = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 600; ++i) {
      const BlockId id = harness.catalog->reserve_block_id().value();
      ASSERT_GT(id, last);
      last = id;
    }
    ASSERT_TRUE(harness.cut_power_and_open().has_value());
  }
}

TEST_F(CatalogTest, RefusesChangesThatMakeNoSense) {
  const BlockId id = seal(10);
  const BlockId reserved = harness.catalog->reserve_block_id().value();
  const CatalogModel before = harness.model();
  const auto adding = [](BlockSummary summary) {
    CatalogChange change;
    change.add.push_back(std::move(summary));
    return change;
  };
  const auto removing = [](std::vector<BlockId> ids) {
    CatalogChange change;
    change.remove = std::move(ids);
    return change;
  };
  EXPECT_EQ(commit_error(adding(block_summary(id, 5))), ErrorCode::InvalidArgument);
  EXPECT_EQ(commit_error(adding(block_summary(reserved + 1, 5))), ErrorCode::InvalidArgument);
  EXPECT_EQ(commit_error(adding(block_summary(reserved, 0))), ErrorCode::InvalidArgument);
  EXPECT_EQ(commit_error(removing({reserved})), ErrorCode::InvalidArgument);
  EXPECT_EQ(commit_error(removing({id, id})), ErrorCode::InvalidArgument);
  CatalogChange twice = adding(block_summary(reserved, 5));
  twice.add.push_back(block_summary(reserved, 5));
  EXPECT_EQ(commit_error(std::move(twice)), ErrorCode::InvalidArgument);
  EXPECT_EQ(harness.model(), before);
  ASSERT_TRUE(harness.catalog->commit(adding(block_summary(reserved, 5))).has_value());
}

TEST_F(CatalogTest, RefusesServicesThatDoNotAddUp) {
  const BlockId id = harness.catalog->reserve_block_id().value();
  const auto error_of = [&](std::vector<ServiceCount> services) {
    CatalogChange change;
    change.add.push_back(block_summary(id, 10, std::move(services)));
    return commit_error(std::move(change));
  };
  EXPECT_EQ(error_of({{"a", 9, 2}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of({{"a", 11, 2}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of({{"a", 10, 1}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of({{"a", 1, 2}, {"b", 9, 0}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of({{"a", 10, 2}, {"b", UINT64_MAX, 0}, {"c", 1, 0}}),
            ErrorCode::InvalidArgument);
}

TEST_F(CatalogTest, LogCoverageNeverGoesBack) {
  CatalogChange change;
  change.log_covered_to = 10;
  ASSERT_TRUE(harness.catalog->commit(change).has_value());
  ASSERT_TRUE(harness.catalog->commit(change).has_value());
  change.log_covered_to = 9;
  EXPECT_EQ(commit_error(change), ErrorCode::InvalidArgument);
  EXPECT_EQ(harness.catalog->snapshot()->log_covered_to, 10U);
}

TEST_F(CatalogTest, AnEmptyChangeWritesNothing) {
  harness.files.fail_calls(1, ErrorCode::Internal);
  EXPECT_TRUE(harness.catalog->commit({}).has_value());
  EXPECT_EQ(harness.files.call_count(), 0U);
}

TEST_F(CatalogTest, TakesChangesUpToTheLimits) {
  CatalogChange change;
  std::vector<BlockId> ids;
  for (std::size_t i = 0; i <= CatalogChange::kAddedMax; ++i) {
    change.add.push_back(block_summary(harness.catalog->reserve_block_id().value(), 5));
  }
  EXPECT_EQ(commit_error(change), ErrorCode::InvalidArgument);
  change.add.pop_back();
  EXPECT_TRUE(harness.catalog->commit(change).has_value());
  CatalogChange removal;
  removal.remove.resize(CatalogChange::kRemovedMax + 1, 1);
  EXPECT_EQ(commit_error(removal), ErrorCode::InvalidArgument);
}

TEST_F(CatalogTest, HoldsBlocksUpToTheLimit) {
  harness.options.block_count_max = 2;
  ASSERT_TRUE(harness.open().has_value());
  const BlockId first = seal(1);
  seal(1);
  EXPECT_EQ(harness.seal(1).error().code, ErrorCode::ResourceExhausted);
  // Merging makes room for itself.
  CatalogChange change;
  change.remove = {first};
  change.add.push_back(block_summary(harness.catalog->reserve_block_id().value(), 5));
  EXPECT_TRUE(harness.catalog->commit(std::move(change)).has_value());
}

TEST_F(CatalogTest, KeepsTheLargestChange) {
  CatalogChange change;
  for (std::size_t i = 0; i < CatalogChange::kAddedMax; ++i) {
    std::vector<ServiceCount> services;
    for (std::size_t s = 0; s < kBlockServicesMax; ++s) {
      const std::string name = std::to_string(i) + "," + std::to_string(s);
      services.push_back({name + std::string(kServiceNameBytesMax - name.size(), 'x'),
                          s == 0 ? 1U << 31U : 1U, s == 0 ? 2U : 0U});
    }
    const std::uint64_t span_count = (std::uint64_t{1} << 31U) + kBlockServicesMax - 1;
    change.add.push_back(block_summary(harness.catalog->reserve_block_id().value(), span_count,
                                       std::move(services)));
  }
  ASSERT_TRUE(harness.catalog->commit(std::move(change)).has_value());
  const CatalogModel before = harness.model();
  ASSERT_TRUE(harness.cut_power_and_open().has_value());
  EXPECT_EQ(harness.model(), before);
  EXPECT_EQ(harness.catalog->snapshot()->blocks.back().entry->services.size(), kBlockServicesMax);
}

TEST_F(CatalogTest, IsHeldByOneProcess) {
  CatalogReport report;
  const auto second = Catalog::open(harness.options, harness.files, harness.clock, report);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::FailedPrecondition);
}

TEST_F(CatalogTest, FileStaysSmallOverManyCommits) {
  BlockId last = seal(1);
  for (int i = 0; i < 300; ++i) {
    const BlockId next = seal(1);
    ASSERT_TRUE(harness.remove({last}).has_value());
    last = next;
  }
  EXPECT_GT(harness.catalog->status().rewriting_count, 5U);
  EXPECT_LE(harness.files.content(CatalogHarness::manifest_path()).size(), 16'384U);
  const CatalogModel before = harness.model();
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.model(), before);
}

// --- Files ---

TEST_F(CatalogTest, DeletesAFileWhenTheLastSnapshotWithItIsGone) {
  const BlockId id = seal(10);
  auto reader = harness.catalog->snapshot();
  ASSERT_TRUE(harness.remove({id}).has_value());
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.has_file(id));
  EXPECT_EQ(harness.catalog->status().files.held_count, 1U);
  auto entry = reader->blocks.front().entry;
  reader.reset();
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.has_file(id)) << "somebody still has the entry";
  entry.reset();
  harness.catalog->delete_unused_files();
  EXPECT_FALSE(harness.has_file(id));
  EXPECT_EQ(harness.catalog->status().files.deleted_count, 1U);
  EXPECT_EQ(harness.catalog->status().files.held_count, 0U);
}

TEST_F(CatalogTest, TriesAgainToDeleteWhatFailed) {
  const BlockId id = seal(10);
  ASSERT_TRUE(harness.remove({id}).has_value());
  harness.files.fail_calls(1, ErrorCode::PermissionDenied, 2);
  harness.catalog->delete_unused_files();
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.has_file(id));
  EXPECT_EQ(harness.catalog->status().files.failure_count, 2U);
  EXPECT_EQ(harness.catalog->status().files.pending_count, 1U);
  harness.catalog->delete_unused_files();
  EXPECT_FALSE(harness.has_file(id));
  EXPECT_EQ(harness.catalog->status().files.pending_count, 0U);
}

TEST_F(CatalogTest, DeletesWhatWasDiscarded) {
  const BlockId id = harness.catalog->reserve_block_id().value();
  ASSERT_TRUE(harness.write_block_file(id).has_value());
  harness.catalog->discard(id);
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.block_files().empty());
  CatalogChange change;
  change.add.push_back(block_summary(id, 1));
  EXPECT_EQ(commit_error(std::move(change)), ErrorCode::InvalidArgument);
}

TEST_F(CatalogTest, DiscardLeavesCataloguedBlocksAlone) {
  const BlockId id = seal(10);
  harness.catalog->discard(id);
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.has_file(id));
}

TEST_F(CatalogTest, RemovesWhatACrashLeftBehind) {
  const BlockId kept = seal(10);
  const BlockId removed = seal(10);
  const BlockId unfinished = harness.catalog->reserve_block_id().value();
  const BlockId unknown = harness.catalog->reserve_block_id().value();
  harness.files.put(harness.catalog->unfinished_block_path(unfinished), "half");
  ASSERT_TRUE(harness.write_block_file(unknown).has_value());
  ASSERT_TRUE(harness.remove({removed}).has_value());
  harness.files.put("/store/blocks/notes.txt", "mine");
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.report.leftover_count, 3U);
  EXPECT_EQ(harness.report.set_aside_count, 0U);
  harness.catalog->delete_unused_files();
  EXPECT_EQ(harness.block_files(), (Names{block_file_name(kept), "notes.txt"}));
}

TEST_F(CatalogTest, SetsBlocksAsideThatItCanNotAccountFor) {
  const BlockId known = seal(10);
  harness.files.put("/store/blocks/000000777777.wbk", "from elsewhere");
  harness.files.put("/store/blocks/18446744073709551615.wbk", "from elsewhere");
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.report.set_aside_count, 2U);
  EXPECT_TRUE(has_message(harness.report, "000000777777.wbk"));
  ASSERT_TRUE(harness.cut_power_and_open().has_value());
  harness.catalog->delete_unused_files();
  EXPECT_EQ(harness.block_files(), (Names{block_file_name(known), "000000777777.wbk.unknown",
                                          "18446744073709551615.wbk.unknown"}));
}

TEST_F(CatalogTest, SettingAsideReplacesNothing) {
  harness.files.put("/store/blocks/000000777777.wbk.unknown", "first");
  harness.files.put("/store/blocks/000000777777.wbk", "second");
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.files.content("/store/blocks/000000777777.wbk.unknown"), "first");
  EXPECT_EQ(harness.files.content("/store/blocks/000000777777.wbk.unknown.2"), "second");
}

TEST_F(CatalogTest, ReportsMissingFilesAndAnswersTheRest) {
  const BlockId there = seal(10);
  const BlockId missing = seal(20);
  ASSERT_TRUE(harness.files.remove_file(harness.catalog->block_path(missing)).has_value());
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.report.missing_count, 1U);
  EXPECT_TRUE(has_message(harness.report, "block 2: its file blocks/000000000002.wbk is missing"));
  const auto snapshot = harness.catalog->snapshot();
  EXPECT_EQ(snapshot->find(there)->state, BlockState::Present);
  EXPECT_EQ(snapshot->find(missing)->state, BlockState::Missing);
  EXPECT_EQ(harness.catalog->status().unreadable_count, 1U);
  // It can be removed, and its file counts as deleted.
  ASSERT_TRUE(harness.remove({missing}).has_value());
  harness.catalog->delete_unused_files();
  EXPECT_EQ(harness.catalog->status().files.failure_count, 0U);
  EXPECT_EQ(harness.catalog->status().unreadable_count, 0U);
}

TEST_F(CatalogTest, BoundsItsMessages) {
  for (std::size_t i = 0; i < CatalogReport::kMessagesMax + 5; ++i) {
    const BlockId id = seal(1);
    ASSERT_TRUE(harness.files.remove_file(harness.catalog->block_path(id)).has_value());
  }
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_EQ(harness.report.missing_count, CatalogReport::kMessagesMax + 5);
  EXPECT_EQ(harness.report.messages.size(), CatalogReport::kMessagesMax + 1);
}

TEST_F(CatalogTest, MarksDamagedBlocksUntilTheNextStart) {
  const BlockId id = seal(10);
  harness.catalog->mark_damaged(id);
  harness.catalog->mark_damaged(99);
  seal(20);
  EXPECT_EQ(harness.catalog->snapshot()->find(id)->state, BlockState::Damaged);
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.catalog->snapshot()->find(id)->state, BlockState::Present);
}

// --- Trouble with the file ---

TEST_F(CatalogTest, RefusesToBeginAnewOverBlocks) {
  seal(10);
  ASSERT_TRUE(harness.files.remove_file(CatalogHarness::manifest_path()).has_value());
  const auto opened = harness.kill_and_open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::DataLoss);
  EXPECT_NE(opened.error().message.find("put a copy of it back"), std::string::npos);
  EXPECT_TRUE(harness.has_file(1));
}

TEST_F(CatalogTest, CutsATornEndAndKeepsUnnamedBlocks) {
  const BlockId first = seal(10);
  const CatalogModel before = harness.model();
  const std::string old = harness.files.content(CatalogHarness::manifest_path());
  const BlockId second = seal(20);
  // The last record, damaged in both copies.
  std::string torn = harness.files.content(CatalogHarness::manifest_path());
  const std::size_t at = static_cast<std::size_t>(
      std::mismatch(old.begin(), old.end(), torn.begin()).first - old.begin());
  torn[at + 50] = static_cast<char>(torn[at + 50] ^ 1);
  torn[at + 50 + torn.size() / 2] = static_cast<char>(torn[at + 50 + torn.size() / 2] ^ 1);
  harness.files.put(CatalogHarness::manifest_path(), torn);
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.model(), before);
  EXPECT_TRUE(has_message(harness.report, "is torn and was cut"));
  harness.catalog->delete_unused_files();
  EXPECT_TRUE(harness.has_file(first));
  EXPECT_EQ(harness.files.content("/store/blocks/" + block_file_name(second) + ".unknown"),
            CatalogHarness::block_content(second));
}

TEST_F(CatalogTest, HealsDamageInOneCopy) {
  seal(10);
  const CatalogModel before = harness.model();
  harness.files.flip_bit(CatalogHarness::manifest_path(), 8 * 70);
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_EQ(harness.model(), before);
  EXPECT_TRUE(has_message(harness.report, "second copy"));
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_TRUE(harness.report.messages.empty());
}

TEST_F(CatalogTest, LeavesAFileOfANewerVersionAlone) {
  seal(10);
  ManifestHeader header;
  header.version = kManifestVersion + 1;
  header.salt = 1;
  header.side_bytes = 4096;
  std::string newer = encode_manifest_header(header);
  newer.resize(4096, 'x');
  newer += newer;
  harness.files.put(CatalogHarness::manifest_path(), newer);
  const auto opened = harness.kill_and_open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::FailedPrecondition);
  EXPECT_NE(opened.error().message.find("version 2"), std::string::npos);
  EXPECT_EQ(harness.files.content(CatalogHarness::manifest_path()), newer);
  EXPECT_TRUE(harness.has_file(1));
}

TEST_F(CatalogTest, TellsAForeignFileFromADamagedOne) {
  harness.files.put(CatalogHarness::manifest_path(), "SQLite format 3 and so on");
  EXPECT_EQ(harness.kill_and_open().error().code, ErrorCode::InvalidArgument);
  harness.files.put(CatalogHarness::manifest_path(), "");
  EXPECT_EQ(harness.kill_and_open().error().code, ErrorCode::DataLoss);
  harness.files.put(CatalogHarness::manifest_path(), std::string(9000, '\0'));
  EXPECT_EQ(harness.kill_and_open().error().code, ErrorCode::DataLoss);
  harness.files.put(CatalogHarness::manifest_path(), "WBCATLOG" + std::string(9000, '\1'));
  EXPECT_EQ(harness.kill_and_open().error().code, ErrorCode::DataLoss);
}

// --- A full device ---

TEST_F(CatalogTest, ForgetsBlocksOnAFullDevice) {
  std::vector<BlockId> ids;
  for (int i = 0; i < 100; ++i) {
    ids.push_back(seal(1));
  }
  harness.fill_device();
  // Far more commits than the file has room for, and a start in between.
  while (ids.size() > 40) {
    ASSERT_TRUE(harness.remove({ids.back()}).has_value()) << ids.size();
    ids.pop_back();
  }
  ASSERT_TRUE(harness.kill_and_open().has_value());
  while (!ids.empty()) {
    ASSERT_TRUE(harness.remove({ids.back()}).has_value()) << ids.size();
    ids.pop_back();
  }
  EXPECT_GT(harness.catalog->status().rewriting_count, 0U);
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_TRUE(harness.model().spans.empty());
}

TEST_F(CatalogTest, TakesChangesAgainWhenThereIsRoom) {
  seal(1);
  ASSERT_TRUE(harness.files.remove_file("/store/catalog.new").has_value());
  harness.files.set_capacity(0);
  ASSERT_TRUE(harness.kill_and_open().has_value());
  EXPECT_FALSE(harness.report.messages.empty());
  EXPECT_FALSE(harness.report.is_read_only);
  const CatalogModel before = harness.model();
  EXPECT_EQ(harness.remove({1}).error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(harness.model(), before);
  harness.files.set_capacity(1'000'000);
  EXPECT_TRUE(harness.remove({1}).has_value());
}

// --- Threads ---

// Two threads replace blocks by new ones while two read. Every snapshot has both pairs whole, and
// the files of its blocks are there for as long as it is held.
TEST_F(CatalogTest, ServesSnapshotsWhileCommitsAndDeletionsGoOn) {
  constexpr int kRounds = 60;
  const auto replace_pair = [&](std::uint64_t mark) {
    std::vector<BlockId> old;
    for (int i = 0; i < kRounds; ++i) {
      CatalogChange change;
      change.remove = std::exchange(old, {});
      for (int k = 0; k < 2; ++k) {
        const BlockId id = harness.catalog->reserve_block_id().value();
        ASSERT_TRUE(harness.write_block_file(id).has_value());
        change.add.push_back(block_summary(id, mark));
        old.push_back(id);
      }
      ASSERT_TRUE(harness.catalog->commit(std::move(change)).has_value());
      harness.catalog->delete_unused_files();
    }
  };
  const auto read = [&](std::stop_token stop) {
    std::uint64_t last_sequence = 0;
    while (!stop.stop_requested()) {
      const auto snapshot = harness.catalog->snapshot();
      EXPECT_GE(snapshot->sequence, last_sequence);
      last_sequence = snapshot->sequence;
      std::map<std::uint64_t, int> marks;
      for (const CatalogBlock& block : snapshot->blocks) {
        ++marks[block.entry->facts.span_count];
        EXPECT_TRUE(harness.has_file(block.entry->facts.id));
      }
      for (const auto& [mark, count] : marks) {
        EXPECT_EQ(count, 2) << mark;
      }
    }
  };
  std::jthread first_reader(read);
  std::jthread second_reader(read);
  {
    const std::jthread first_writer(replace_pair, 100);
    const std::jthread second_writer(replace_pair, 200);
  }
  first_reader.request_stop();
  second_reader.request_stop();
  first_reader.join();
  second_reader.join();
  harness.catalog->delete_unused_files();
  EXPECT_EQ(harness.block_files().size(), 4U);
}

}  // namespace
}  // namespace waybill::storage
