// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's part of it
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): POSIX's part of it
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "os/file_system.h"
#include "os/system_clock.h"

namespace waybill::os {
namespace {

class PosixFileSystem : public ::testing::Test {
 public:
  PosixFileSystem() {
    std::string pattern = (std::filesystem::temp_directory_path() / "waybill-os-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PosixFileSystem() override { std::filesystem::remove_all(folder_); }
  PosixFileSystem(const PosixFileSystem&) = delete;
  PosixFileSystem& operator=(const PosixFileSystem&) = delete;

 protected:
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  static mode_t mode(const std::string& file) {
    struct stat status{};
    return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
  }

  std::string folder_;
  const std::unique_ptr<FileSystem> files_ = make_posix_file_system();
};

TEST_F(PosixFileSystem, ReadsBackWhatWasWrittenInPieces) {
  const auto file = files_->create_file(path("a")).value();
  const std::vector<std::string_view> pieces = {"one ", "", "two ", "three"};
  ASSERT_TRUE(file->write_at(3, pieces).has_value());
  ASSERT_TRUE(file->sync_data().has_value());
  EXPECT_EQ(file->size().value(), 16U);
  EXPECT_EQ(file->read_at(0, 100).value(), std::string("\0\0\0one two three", 16));
  EXPECT_EQ(file->read_at(7, 3).value(), "two");
  EXPECT_EQ(file->read_at(16, 1).value(), "");
  EXPECT_EQ(file->read_at(1000, 1).value(), "");
}

// More pieces than one system call takes.
TEST_F(PosixFileSystem, WritesThousandsOfPieces) {
  const auto file = files_->create_file(path("a")).value();
  std::vector<std::string> texts;
  std::string whole;
  for (int i = 0; i < 3000; ++i) {
    texts.push_back(i % 3 == 0 ? std::string() : std::to_string(i));
    whole += texts.back();
  }
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  ASSERT_TRUE(file->write_at(0, pieces).has_value());
  EXPECT_EQ(file->read_at(0, whole.size() + 1).value(), whole);
  ASSERT_TRUE(file->write_at(0, {}).has_value());
}

// The limit on the size of files makes the system write a part and then refuse, as a full device
// does.
TEST_F(PosixFileSystem, GoesOnAfterAShortWriteAndReportsAFullDevice) {
  const auto file = files_->create_file(path("a")).value();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::vector<std::string_view> pieces = {"1234", "5678", "90ab"};
  const auto written = file->write_at(0, pieces);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(written.error().message, "write " + path("a") + ": File too large");
  EXPECT_EQ(file->read_at(0, 100).value(), "1234567890");
}

TEST_F(PosixFileSystem, SetsSizes) {
  const auto file = files_->create_file(path("a")).value();
  ASSERT_TRUE(file->preallocate(8192).has_value());
  EXPECT_EQ(file->size().value(), 8192U);
  EXPECT_EQ(file->read_at(8190, 10).value(), std::string(2, '\0'));
  ASSERT_TRUE(file->truncate(5).has_value());
  EXPECT_EQ(file->size().value(), 5U);
  ASSERT_TRUE(file->truncate(6).has_value());
  ASSERT_TRUE(file->preallocate(4).has_value());
  EXPECT_EQ(file->size().value(), 4U);
}

TEST_F(PosixFileSystem, MakesFilesAndFoldersForTheOwnerAlone) {
  ASSERT_TRUE(files_->create_directories(path("x/y")).has_value());
  ASSERT_TRUE(files_->create_directories(path("x/y")).has_value());
  ASSERT_TRUE(files_->create_directories(path("x/z/")).has_value());
  ASSERT_TRUE(files_->create_file(path("x/y/a")).has_value());
  const auto lock = files_->lock_file(path("x/y/lock"));
  EXPECT_EQ(mode(path("x")), 0700U);
  EXPECT_EQ(mode(path("x/y")), 0700U);
  EXPECT_EQ(mode(path("x/y/a")), 0600U);
  EXPECT_EQ(mode(path("x/y/lock")), 0600U);
  EXPECT_TRUE(files_->sync_directory(path("x/y")).has_value());
}

TEST_F(PosixFileSystem, ListsRegularFilesSorted) {
  ASSERT_TRUE(files_->create_directories(path("folder")).has_value());
  ASSERT_TRUE(files_->create_file(path("b")).has_value());
  ASSERT_TRUE(files_->create_file(path("a")).has_value());
  EXPECT_EQ(files_->list_files(folder_).value(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(PosixFileSystem, RenamesOverAndRemoves) {
  const auto file = files_->create_file(path("a")).value();
  const std::string_view text = "text";
  ASSERT_TRUE(file->write_at(0, std::span(&text, 1)).has_value());
  ASSERT_TRUE(files_->create_file(path("b")).has_value());
  ASSERT_TRUE(files_->rename_file(path("a"), path("b")).has_value());
  EXPECT_FALSE(files_->exists(path("a")).value());
  EXPECT_EQ(files_->open_file(path("b")).value()->read_at(0, 10).value(), "text");
  ASSERT_TRUE(files_->remove_file(path("b")).has_value());
  EXPECT_FALSE(files_->exists(path("b")).value());
  EXPECT_FALSE(files_->exists(path("b/below a file that is gone")).value());
}

TEST_F(PosixFileSystem, NamesThePathAndTheReason) {
  const auto missing = files_->open_file(path("a"));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_EQ(missing.error().message, "open " + path("a") + ": No such file or directory");

  ASSERT_TRUE(files_->create_file(path("a")).has_value());
  EXPECT_EQ(files_->create_file(path("a")).error().code, ErrorCode::FailedPrecondition);
  EXPECT_EQ(files_->remove_file(path("b")).error().code, ErrorCode::NotFound);
  EXPECT_EQ(files_->rename_file(path("b"), path("c")).error().code, ErrorCode::NotFound);
  EXPECT_EQ(files_->list_files(path("b")).error().code, ErrorCode::NotFound);
  EXPECT_EQ(files_->sync_directory(path("b")).error().code, ErrorCode::NotFound);
  EXPECT_EQ(files_->create_directories(path("a")).error().code, ErrorCode::FailedPrecondition);
  EXPECT_EQ(files_->free_bytes(path("b")).error().code, ErrorCode::NotFound);
}

TEST_F(PosixFileSystem, RefusesAFolderThatMayNotBeWritten) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  ASSERT_TRUE(files_->create_directories(path("x")).has_value());
  ASSERT_EQ(::chmod(path("x").c_str(), 0500), 0);
  EXPECT_EQ(files_->create_file(path("x/a")).error().code, ErrorCode::PermissionDenied);
}

TEST_F(PosixFileSystem, LocksAFileOnceAndSaysWhoHasIt) {
  auto lock = files_->lock_file(path("lock"));
  ASSERT_TRUE(lock.has_value());
  const auto second = files_->lock_file(path("lock"));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::FailedPrecondition);
  EXPECT_EQ(second.error().message,
            path("lock") + " is locked by process " + std::to_string(::getpid()));
  lock->reset();
  EXPECT_TRUE(files_->lock_file(path("lock")).has_value());
}

TEST_F(PosixFileSystem, TellsTheFreeRoom) { EXPECT_GT(files_->free_bytes(folder_).value(), 0U); }

TEST(SystemClock, KeepsItsPromises) {
  const auto clock = make_system_clock();
  const auto first = clock->steady();
  EXPECT_GE(clock->steady(), first);
  EXPECT_GT(clock->now(), UnixNanos{1'600'000'000'000'000'000U});
}

}  // namespace
}  // namespace waybill::os
