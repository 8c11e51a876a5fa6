// SPDX-License-Identifier: Apache-2.0
#include "os/testing/fault_file_system.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>
#include "base/error.h"
#include "base/result.h"
#include "os/file_system.h"

namespace waybill::os {
namespace {

Result<void> write(File& file, std::uint64_t offset, std::string_view text) {
  return file.write_at(offset, std::span(&text, 1));
}

TEST(FaultFileSystem, KeepsBytesAndNamesAfterTheirSyncs) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultFileSystem files(seed);
    const auto file = files.create_file("/d/a").value();
    ASSERT_TRUE(write(*file, 0, "text").has_value());
    ASSERT_TRUE(file->sync_data().has_value());
    ASSERT_TRUE(files.rename_file("/d/a", "/d/b").has_value());
    ASSERT_TRUE(files.sync_directory("/d").has_value());
    files.cut_power();
    files.start();
    EXPECT_EQ(files.list_files("/d").value(), std::vector<std::string>{"b"});
    EXPECT_EQ(files.content("/d/b"), "text");
  }
}

TEST(FaultFileSystem, ForgetsUnsyncedNamesWithSomeSeeds) {
  std::set<std::vector<std::string>> outcomes;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultFileSystem files(seed);
    files.put("/d/old", "");
    ASSERT_TRUE(files.create_file("/d/new").has_value());
    ASSERT_TRUE(files.remove_file("/d/old").has_value());
    files.cut_power();
    files.start();
    outcomes.insert(files.list_files("/d").value());
  }
  EXPECT_TRUE(outcomes.contains({"old"}));
  EXPECT_TRUE(outcomes.contains({"new"}));
  EXPECT_TRUE(outcomes.contains({"new", "old"}));
}

TEST(FaultFileSystem, KeepsAnySectorsOfAnUnsyncedWrite) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FaultFileSystem files(seed);
    files.put("/d/a", std::string(1024, 'o'));
    const auto file = files.open_file("/d/a").value();
    ASSERT_TRUE(write(*file, 0, std::string(1024, 'n')).has_value());
    files.cut_power();
    files.start();
    const std::string bytes = files.content("/d/a");
    outcomes.insert({bytes.front(), bytes.back()});
    EXPECT_EQ(bytes.substr(0, 512), std::string(512, bytes.front()));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"nn", "no", "on", "oo"}));
}

// The kernel marks pages clean when their write-back fails, so the next sync succeeds and the
// bytes are gone.
TEST(FaultFileSystem, LosesBytesOfAFailedSyncAlsoWhenTheNextSucceeds) {
  FaultFileSystem files;
  files.put("/d/a", "old");
  const auto file = files.open_file("/d/a").value();
  ASSERT_TRUE(write(*file, 0, "new").has_value());
  files.fail_calls(1, ErrorCode::Internal);
  EXPECT_FALSE(file->sync_data().has_value());
  EXPECT_TRUE(file->sync_data().has_value());
  EXPECT_EQ(file->read_at(0, 3).value(), "new");
  files.cut_power();
  files.start();
  EXPECT_EQ(files.content("/d/a"), "old");
}

TEST(FaultFileSystem, FailsTheCallsItIsToldTo) {
  FaultFileSystem files;
  files.put("/d/a", "");
  files.fail_calls(2, ErrorCode::PermissionDenied, 2);
  EXPECT_TRUE(files.exists("/d/a").has_value());
  EXPECT_FALSE(files.has_failed());
  EXPECT_EQ(files.exists("/d/a").error().code, ErrorCode::PermissionDenied);
  EXPECT_FALSE(files.list_files("/d").has_value());
  EXPECT_TRUE(files.exists("/d/a").has_value());
  EXPECT_TRUE(files.has_failed());
  EXPECT_EQ(files.call_count(), 4U);
}

TEST(FaultFileSystem, FillsUp) {
  FaultFileSystem files;
  files.set_capacity(10);
  files.put("/d/a", "1234");
  const auto file = files.create_file("/d/b").value();
  EXPECT_TRUE(write(*file, 0, "123456").has_value());
  EXPECT_EQ(files.free_bytes("/d").value(), 0U);
  EXPECT_EQ(write(*file, 4, "4567").error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(files.content("/d/b"), "123445");
  EXPECT_EQ(file->preallocate(7).error().code, ErrorCode::ResourceExhausted);
  ASSERT_TRUE(files.remove_file("/d/a").has_value());
  EXPECT_TRUE(file->preallocate(10).has_value());
}

TEST(FaultFileSystem, ClosesFilesAndLocksWhenTheProcessDies) {
  FaultFileSystem files;
  files.put("/d/a", "text");
  const auto file = files.open_file("/d/a").value();
  const auto lock = files.lock_file("/d/lock");
  ASSERT_TRUE(lock.has_value());
  EXPECT_FALSE(files.lock_file("/d/lock").has_value());
  files.kill();
  EXPECT_FALSE(files.exists("/d/a").has_value());
  files.start();
  EXPECT_TRUE(files.exists("/d/a").has_value());
  EXPECT_FALSE(file->read_at(0, 1).has_value());
  EXPECT_TRUE(files.lock_file("/d/lock").has_value());
}

TEST(FaultFileSystem, FailsToReadWhatIsUnreadable) {
  FaultFileSystem files;
  files.put("/d/a", "0123456789");
  files.make_unreadable("/d/a", 4, 2);
  const auto file = files.open_file("/d/a").value();
  EXPECT_EQ(file->read_at(0, 4).value(), "0123");
  EXPECT_FALSE(file->read_at(0, 5).has_value());
  EXPECT_FALSE(file->read_at(5, 1).has_value());
  EXPECT_EQ(file->read_at(6, 9).value(), "6789");
}

}  // namespace
}  // namespace waybill::os
