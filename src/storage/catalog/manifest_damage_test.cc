// SPDX-License-Identifier: Apache-2.0
//
// Every byte, every length, and both copies at once: the reader gives the right state, or says
// clearly what is wrong.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "storage/catalog/manifest_format.h"
#include "storage/catalog/manifest_reader.h"
#include "storage/testing/catalog_harness.h"

namespace waybill::storage {
namespace {

CatalogModel model_of(const ManifestContents& contents) {
  CatalogModel model;
  model.log_covered_to = contents.state.log_covered_to;
  for (const auto& entry : contents.blocks) {
    model.spans[entry->facts.id] = entry->facts.span_count;
  }
  return model;
}

// A file with a base of two blocks and three changes, and the states after each of its records.
class ManifestDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    CatalogHarness harness;
    ASSERT_TRUE(harness.open().has_value());
    ASSERT_TRUE(harness.seal(10).has_value());
    ASSERT_TRUE(harness.seal(20, {{"cart", 20, 2}}).has_value());
    ASSERT_TRUE(harness.open().has_value());
    note(harness);
    ASSERT_TRUE(harness.seal(30).has_value());
    note(harness);
    CatalogChange change;
    change.remove = {1};
    change.log_covered_to = 9;
    ASSERT_TRUE(harness.catalog->commit(std::move(change)).has_value());
    note(harness);
    ASSERT_TRUE(harness.seal(40, {{"auth", 40, 2}}).has_value());
    note(harness);
    file = harness.files.content(CatalogHarness::manifest_path());
    side_bytes = file.size() / 2;
  }

  void note(CatalogHarness& harness) {
    models.push_back(harness.model());
    const std::string content = harness.files.content(CatalogHarness::manifest_path());
    const std::uint64_t salt = decode_manifest_header(content)->salt;
    std::size_t end = kManifestHeaderBytes;
    while (const auto record =
               decode_manifest_record(std::string_view(content).substr(end), salt)) {
      end += record->record_bytes;
    }
    ends.push_back(end);
  }

  static void expect_clear(const Error& error) {
    EXPECT_TRUE(error.code == ErrorCode::DataLoss || error.code == ErrorCode::InvalidArgument);
    EXPECT_NE(error.message.find("put a copy of it back"), std::string::npos) << error.message;
  }

  std::string file;
  std::size_t side_bytes = 0;
  std::vector<CatalogModel> models;
  std::vector<std::size_t> ends;  // of the records, after each state
};

TEST_F(ManifestDamage, ReadsWhatWasWritten) {
  const auto contents = read_manifest(file);
  ASSERT_TRUE(contents.has_value()) << contents.error().message;
  EXPECT_EQ(model_of(*contents), models.back());
  EXPECT_TRUE(contents->messages.empty());
  EXPECT_FALSE(contents->is_cut);
}

TEST_F(ManifestDamage, OfAnyByteIsHealed) {
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const unsigned flip : {0x01U, 0xFFU}) {
      std::string changed = file;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      const auto contents = read_manifest(changed);
      ASSERT_TRUE(contents.has_value()) << "byte " << at << ": " << contents.error().message;
      ASSERT_EQ(model_of(*contents), models.back()) << "byte " << at;
      // Padding and the second copy of what is read from the first may go unnoticed.
      const bool is_header = at % side_bytes < kManifestHeaderBytes;
      ASSERT_TRUE(at >= side_bytes || !is_header || !contents->messages.empty()) << "byte " << at;
    }
  }
}

TEST_F(ManifestDamage, OfAnyLengthIsRightOrAnError) {
  std::size_t right_count = 0;
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto contents = read_manifest(std::string_view(file).substr(0, size));
    if (contents.has_value()) {
      ASSERT_EQ(model_of(*contents), models.back()) << "length " << size;
      ASSERT_FALSE(contents->messages.empty());
      ++right_count;
    } else {
      expect_clear(contents.error());
    }
  }
  EXPECT_EQ(right_count, side_bytes) << "one whole copy is enough";
}

TEST_F(ManifestDamage, OfAWholeSideIsHealed) {
  for (const std::size_t begin : {std::size_t{0}, side_bytes}) {
    for (const char fill : {'\0', '\x5a'}) {
      std::string changed = file;
      changed.replace(begin, side_bytes, side_bytes, fill);
      const auto contents = read_manifest(changed);
      ASSERT_TRUE(contents.has_value()) << contents.error().message;
      EXPECT_EQ(model_of(*contents), models.back());
    }
  }
}

// Only the last record can have been torn. Anything before it was acknowledged.
TEST_F(ManifestDamage, OfBothCopiesIsAnErrorButForTheLastRecord) {
  const std::size_t last = ends[ends.size() - 2];
  for (std::size_t at = 0; at < ends.back(); ++at) {
    std::string changed = file;
    for (const std::size_t byte : {at, at + side_bytes}) {
      changed[byte] = static_cast<char>(changed[byte] ^ 0x40);
    }
    const auto contents = read_manifest(changed);
    if (!contents.has_value()) {
      expect_clear(contents.error());
      ASSERT_LT(at, last) << contents.error().message;
      continue;
    }
    if (model_of(*contents) == models.back()) {
      continue;  // padding
    }
    ASSERT_GE(at, last) << "byte " << at;
    EXPECT_EQ(model_of(*contents), models[models.size() - 2]);
    EXPECT_TRUE(contents->is_cut);
    EXPECT_FALSE(contents->messages.empty());
  }
}

TEST_F(ManifestDamage, OfOneCopyOfEachRecordIsHealed) {
  std::string changed = file;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const std::size_t side = i % 2 == 0 ? 0 : side_bytes;
    changed[side + ends[i] - 20] = static_cast<char>(changed[side + ends[i] - 20] ^ 2);
  }
  const auto contents = read_manifest(changed);
  ASSERT_TRUE(contents.has_value()) << contents.error().message;
  EXPECT_EQ(model_of(*contents), models.back());
}

// Zeros are what a file system gives for bytes that it lost.
TEST_F(ManifestDamage, ZerosInBothCopiesAreFoundByTheRecordsBehind) {
  for (std::size_t i = 0; i + 2 < ends.size(); ++i) {
    std::string changed = file;
    for (const std::size_t side : {std::size_t{0}, side_bytes}) {
      changed.replace(side + ends[i], ends[i + 1] - ends[i], ends[i + 1] - ends[i], '\0');
    }
    const auto contents = read_manifest(changed);
    ASSERT_FALSE(contents.has_value());
    EXPECT_EQ(contents.error().code, ErrorCode::DataLoss);
  }
}

TEST_F(ManifestDamage, OfATornEndIsCutAtEveryLength) {
  const std::size_t begin = ends[ends.size() - 2];
  for (std::size_t keep = begin; keep < ends.back() - 8; ++keep) {
    std::string changed = file;
    for (const std::size_t side : {std::size_t{0}, side_bytes}) {
      changed.replace(side + keep, ends.back() - keep, ends.back() - keep, '\0');
    }
    const auto contents = read_manifest(changed);
    ASSERT_TRUE(contents.has_value()) << contents.error().message;
    ASSERT_EQ(model_of(*contents), models[models.size() - 2]);
    ASSERT_EQ(contents->is_cut, keep > begin) << keep;
  }
}

// --- Records that are whole and say what can not be ---

std::string file_with(const std::vector<std::string>& payloads, std::uint64_t base_count) {
  ManifestHeader header;
  header.salt = 99;
  header.side_bytes = 8192;
  header.rewriting = 1;
  header.base_record_count = base_count;
  std::string side = encode_manifest_header(header);
  std::uint64_t number = 0;
  for (const std::string& payload : payloads) {
    side += encode_manifest_record(header.salt, ++number, payload);
  }
  side.resize(header.side_bytes, '\0');
  return side + side;
}

std::string change(const ManifestState& state, std::vector<BlockId> removed,
                   const std::vector<BlockFacts>& added) {
  std::vector<std::shared_ptr<const BlockEntry>> entries;
  for (const BlockFacts& facts : added) {
    BlockEntry entry;
    entry.facts = facts;
    entry.sequence = state.sequence;
    entries.push_back(std::make_shared<const BlockEntry>(std::move(entry)));
  }
  return encode_manifest_change(state, removed, entries, {std::string(kOverflowService)});
}

TEST(ManifestReader, RefusesRecordsThatContradictEachOther) {
  const BlockFacts block = block_summary(5, 10).facts;
  BlockFacts empty = block;
  empty.span_count = 0;
  const ManifestState state{7, 100, 3};
  const std::string base = change(state, {}, {block});
  EXPECT_TRUE(read_manifest(file_with({base}, 1)).has_value());
  const auto refuses = [&](const std::string& second) {
    const auto contents = read_manifest(file_with({base, second}, 1));
    return !contents.has_value() && contents.error().code == ErrorCode::DataLoss;
  };
  EXPECT_FALSE(refuses(change(state, {5}, {})));
  EXPECT_TRUE(refuses(change(state, {6}, {}))) << "removes what is not there";
  EXPECT_TRUE(refuses(change(state, {5, 5}, {})));
  EXPECT_TRUE(refuses(change(state, {}, {block}))) << "adds what is there";
  EXPECT_TRUE(refuses(change(state, {5}, {empty})));
  EXPECT_TRUE(refuses(change({6, 100, 3}, {}, {}))) << "uncovers the log";
  EXPECT_TRUE(refuses(change({7, 99, 3}, {}, {})));
  EXPECT_TRUE(refuses(change({7, 100, 2}, {}, {})));
  EXPECT_TRUE(refuses(change({7, UINT64_MAX, 3}, {}, {})));
  BlockFacts unreserved = block;
  unreserved.id = 100;
  EXPECT_TRUE(refuses(change(state, {}, {unreserved})));
}

TEST(ManifestReader, RefusesPayloadsOfEveryOtherLength) {
  const std::string whole = change({7, 100, 3}, {1, 2}, {block_summary(5, 10).facts});
  EXPECT_TRUE(decode_manifest_change(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_manifest_change(std::string_view(whole).substr(0, size)).has_value());
  }
  EXPECT_FALSE(decode_manifest_change(whole + '\0').has_value());
}

TEST(ManifestReader, RefusesABaseThatIsNotWhole) {
  const std::string base = change({7, 100, 3}, {}, {block_summary(5, 10).facts});
  EXPECT_FALSE(read_manifest(file_with({base}, 2)).has_value());
  EXPECT_FALSE(read_manifest(file_with({}, 1)).has_value());
}

}  // namespace
}  // namespace waybill::storage
