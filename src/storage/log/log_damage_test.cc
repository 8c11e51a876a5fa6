// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "storage/log/log.h"
#include "storage/log/log_format.h"
#include "storage/testing/log_harness.h"

namespace waybill::storage {
namespace {

constexpr std::uint64_t kNone = UINT64_MAX;

// Where a record lies in its file, without padding.
struct Place {
  std::uint64_t file = 0;  // number of the segment
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string body;
};

// A small log on disk, and what is in it.
struct Sample {
  std::map<std::string, std::string> files;
  std::vector<Place> places;

  Texts bodies() const {
    Texts all;
    for (const Place& place : places) {
      all.push_back(place.body);
    }
    return all;
  }
};

// The records of one file in the order of their places, found as the format says.
void find_places(Sample& sample, std::uint64_t file) {
  const std::string& bytes = sample.files.at(LogHarness::path(file));
  const std::uint64_t marker = decode_segment_header(bytes).value().marker();
  std::uint64_t offset = kFirstRecordOffset;
  while (offset + kRecordHeaderBytes <= bytes.size() && read_u64(bytes, offset) == marker) {
    const auto header = decode_record_header(std::string_view(bytes).substr(offset)).value();
    const std::uint64_t body = offset + kRecordHeaderBytes;
    sample.places.push_back(
        {file, offset, body + header.body_bytes, bytes.substr(body, header.body_bytes)});
    offset += header.record_bytes();
  }
}

void append_all(LogHarness& harness, const Texts& bodies) {
  for (const std::string& body : bodies) {
    ASSERT_TRUE(harness.append(body).has_value());
  }
}

Sample take_sample(LogHarness& harness, std::vector<std::uint64_t> segments) {
  harness.log.reset();
  Sample sample;
  for (const std::string& name : harness.file_names()) {
    sample.files["/log/" + name] = harness.files.content("/log/" + name);
  }
  for (const std::uint64_t segment : segments) {
    find_places(sample, segment);
  }
  return sample;
}

// Two segments, sealed by a restart and newest, in fresh files.
Sample make_fresh_sample() {
  LogHarness harness;
  EXPECT_TRUE(harness.open().has_value());
  append_all(harness, {"first", "", std::string(100, 'a')});
  EXPECT_TRUE(harness.reopen().has_value());
  append_all(harness, {"fourth", std::string(133, 'b'), "", "last"});
  return take_sample(harness, {1, 2});
}

// The newest segment lies in a file that is full of older records.
Sample make_recycled_sample() {
  LogHarness harness;
  EXPECT_TRUE(harness.open().has_value());
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(harness.append("old " + std::to_string(i)).has_value());
  }
  harness.log->retire_before(54);
  EXPECT_TRUE(harness.reopen().has_value());
  append_all(harness, {"fourth", std::string(133, 'b'), "", "last"});
  harness.log->retire_before(61);
  EXPECT_TRUE(harness.reopen().has_value());
  return take_sample(harness, {3});
}

void load(LogHarness& harness, const Sample& sample) {
  for (const auto& [path, bytes] : sample.files) {
    harness.files.put(path, bytes);
  }
}

Texts without(const Texts& bodies, std::uint64_t index) {
  Texts rest = bodies;
  if (index != kNone) {
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(index));
  }
  return rest;
}

bool is_damage_told(const ReplayReport& report) {
  return !report.messages.empty() && (report.torn_bytes > 0 || report.quarantined_count > 0);
}

// A log that was damaged goes on, and what it has read it reads again.
void expect_goes_on(LogHarness& harness) {
  const Texts before = harness.bodies;
  ASSERT_TRUE(harness.append("new").has_value());
  ASSERT_TRUE(harness.crash_and_open().has_value());
  Texts expected = before;
  expected.emplace_back("new");
  ASSERT_EQ(harness.bodies, expected);
}

// Only reading is quicker by far, as it starts no thread.
Result<void> open(LogHarness& harness, bool is_whole_log) {
  return is_whole_log ? harness.open() : harness.replay();
}

class DamagedLog : public ::testing::TestWithParam<bool> {
 protected:
  Sample sample_ = GetParam() ? make_recycled_sample() : make_fresh_sample();
};

INSTANTIATE_TEST_SUITE_P(Rooms, DamagedLog, ::testing::Bool(),
                         [](const auto& suite) { return suite.param ? "Recycled" : "Fresh"; });

TEST_P(DamagedLog, IsWholeBefore) {
  LogHarness harness;
  load(harness, sample_);
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_EQ(harness.bodies, sample_.bodies());
  EXPECT_EQ(harness.report.messages, Texts{});
  EXPECT_GE(harness.bodies.size(), 4U);
}

TEST_P(DamagedLog, LosesAtMostTheRecordOfAFlippedBit) {
  const Texts bodies = sample_.bodies();
  for (const auto& [path, bytes] : sample_.files) {
    // Behind the last record there is only room; a part of it stands for the rest.
    const std::uint64_t bits = std::min<std::uint64_t>(bytes.size(), 1900) * 8;
    for (std::uint64_t bit = 0; bit < bits; ++bit) {
      std::uint64_t hit = kNone;
      for (std::size_t i = 0; i < sample_.places.size(); ++i) {
        const Place& place = sample_.places[i];
        if (path == LogHarness::path(place.file) && place.begin <= bit / 8 && bit / 8 < place.end) {
          hit = i;
        }
      }
      LogHarness harness;
      load(harness, sample_);
      harness.files.flip_bit(path, bit);
      ASSERT_TRUE(open(harness, bit % 61 == 0).has_value()) << path << " bit " << bit;
      ASSERT_EQ(harness.bodies, without(bodies, hit)) << path << " bit " << bit;
      ASSERT_TRUE(hit == kNone || is_damage_told(harness.report)) << path << " bit " << bit;
      if (bit % 61 == 0) {
        expect_goes_on(harness);
      }
    }
  }
}

TEST_P(DamagedLog, KeepsWhatLiesBeforeTheCutAtEveryLength) {
  for (const auto& [path, bytes] : sample_.files) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Texts expected;
      bool is_any_lost = false;
      for (const Place& place : sample_.places) {
        // The padding behind the body belongs to the record.
        const bool is_cut = path == LogHarness::path(place.file) && (place.end + 7) / 8 * 8 > size;
        is_any_lost |= is_cut;
        if (!is_cut) {
          expected.push_back(place.body);
        }
      }
      LogHarness harness;
      load(harness, sample_);
      harness.files.put(path, bytes.substr(0, size));
      ASSERT_TRUE(open(harness, size % 7 == 0).has_value()) << path << " size " << size;
      ASSERT_EQ(harness.bodies, expected) << path << " size " << size;
      const bool is_at_a_boundary =
          std::any_of(sample_.places.begin(), sample_.places.end(), [&](const Place& place) {
            return path == LogHarness::path(place.file) &&
                   (place.begin == size || (place.end + 7) / 8 * 8 == size);
          });
      // The end of the newest segment is not written down elsewhere, so that a cut between two of
      // its records can not be seen.
      const bool is_newest = path == sample_.files.rbegin()->first || GetParam();
      if (is_any_lost && !(is_newest && (is_at_a_boundary || size <= kFirstRecordOffset))) {
        ASSERT_TRUE(is_damage_told(harness.report)) << path << " size " << size;
      }
      if (size % 7 == 0) {
        expect_goes_on(harness);
      }
    }
  }
}

TEST_P(DamagedLog, KeepsWhatLiesAroundAnyStretchOfZerosOrOtherBytes) {
  const std::string zeros(56, '\0');
  const std::string text = "bytes that somebody else has written over this file";
  for (const std::string& patch : {zeros, text}) {
    for (const auto& [path, bytes] : sample_.files) {
      for (std::size_t at = 1000; at + patch.size() <= std::min<std::size_t>(bytes.size(), 1900);
           ++at) {
        std::string damaged = bytes;
        damaged.replace(at, patch.size(), patch);
        Texts expected;
        for (const Place& place : sample_.places) {
          if (path != LogHarness::path(place.file) || place.end <= at ||
              at + patch.size() <= place.begin ||
              damaged.substr(place.begin, place.end - place.begin) ==
                  bytes.substr(place.begin, place.end - place.begin)) {
            expected.push_back(place.body);
          }
        }
        LogHarness harness;
        load(harness, sample_);
        harness.files.put(path, damaged);
        ASSERT_TRUE(open(harness, at % 17 == 0).has_value());
        ASSERT_EQ(harness.bodies, expected) << path << " offset " << at;
        if (at % 17 == 0) {
          expect_goes_on(harness);
        }
      }
    }
  }
}

class LogFiles : public ::testing::Test {
 protected:
  LogFiles() { load(harness_, sample_); }

  const Place& place(std::size_t index) const { return sample_.places[index]; }
  bool is_said(const std::string& part) const {
    return std::any_of(harness_.report.messages.begin(), harness_.report.messages.end(),
                       [&](const std::string& message) { return contains(message, part); });
  }

  const Sample sample_ = make_fresh_sample();
  LogHarness harness_;
};

TEST_F(LogFiles, CutsATornEndAndSaysSo) {
  const std::string path = LogHarness::path(2);
  harness_.files.put(path, sample_.files.at(path).substr(0, place(6).end - 1));
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.report.torn_bytes, place(6).end - 1 - place(6).begin);
  EXPECT_EQ(harness_.report.quarantined_count, 0U);
  EXPECT_EQ(
      harness_.report.messages,
      (Texts{"000000000002.log: 51 bytes at offset 1312 are cut from the end, an append that "
             "did not get through and was not acknowledged (a record reaches beyond the end); "
             "the log goes on in a new segment"}));
  expect_goes_on(harness_);
  EXPECT_EQ(harness_.report.messages, Texts{});
}

TEST_F(LogFiles, SetsDamageAsideOnceAndSaysWhatIsMissing) {
  harness_.files.flip_bit(LogHarness::path(1), (place(1).begin + 9) * 8);
  const std::string damaged =
      harness_.files.content(LogHarness::path(1)).substr(place(1).begin, 48);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(harness_.reopen().has_value());
    EXPECT_EQ(harness_.report.quarantined_count, 1U);
    EXPECT_EQ(harness_.report.messages,
              (Texts{"000000000001.log: 48 bytes at offset 1080 are damaged (the checksum of a "
                     "record's header is wrong); position 2 is missing; a copy is set aside as "
                     "000000000001.log.1080.damaged; reading goes on after them"}));
    EXPECT_EQ(harness_.files.content("/log/000000000001.log.1080.damaged"), damaged);
  }
  EXPECT_EQ(harness_.file_names().size(), 3U);
}

TEST_F(LogFiles, SaysWhereDamageMayBeAnUnfinishedWrite) {
  // Make one group of the newest segment's last two records, as if the first had been torn.
  std::string bytes = sample_.files.at(LogHarness::path(2));
  auto header = decode_record_header(std::string_view(bytes).substr(place(6).begin)).value();
  header.starts_group = false;
  std::string encoded;
  append_record_header(encoded, header);
  bytes.replace(place(6).begin, encoded.size(), encoded);
  harness_.files.put(LogHarness::path(2), bytes);
  harness_.files.flip_bit(LogHarness::path(2), place(5).begin * 8);
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.bodies.size(), 6U);
  EXPECT_TRUE(is_said("unless they were being written when the log stopped"));
}

TEST_F(LogFiles, KeepsAWholeSegmentWhereItCanNotSetDamageAside) {
  harness_.files.flip_bit(LogHarness::path(1), place(1).begin * 8);
  std::uint64_t used = 0;
  for (const auto& [path, bytes] : sample_.files) {
    used += bytes.size();
  }
  harness_.files.set_capacity(used);
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_TRUE(is_said("the segment is kept, as no copy can be set aside: "));
  harness_.files.set_capacity(UINT64_MAX / 2);
  harness_.log->retire_before(UINT64_MAX);
  harness_.log->close();
  EXPECT_EQ(harness_.files.content("/log/000000000001.log.0.damaged").size(),
            sample_.files.at(LogHarness::path(1)).size());
  ASSERT_TRUE(harness_.reopen().has_value());
  EXPECT_EQ(harness_.bodies.size(), 4U);
  EXPECT_EQ(harness_.report.messages, Texts{});
}

TEST_F(LogFiles, SetsAFewStretchesOfASegmentAsideAndNotHundreds) {
  LogHarness harness;
  harness.options.segment_bytes = 16384;
  ASSERT_TRUE(harness.open().has_value());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(harness.append("body").has_value());
  }
  Sample sample = take_sample(harness, {1});
  for (std::size_t i = 0; i < 100; i += 2) {
    sample.files.at(LogHarness::path(1)).at(sample.places[i].begin) ^= 1;
  }
  load(harness, sample);
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_EQ(harness.bodies.size(), 50U);
  EXPECT_EQ(harness.report.quarantined_count, 50U);
  EXPECT_EQ(harness.file_names().size(), 1U + 16U);
}

TEST_F(LogFiles, AreReadAroundPagesThatTheDeviceFailsToRead) {
  LogHarness harness;
  harness.options.segment_bytes = 65536;
  ASSERT_TRUE(harness.open().has_value());
  for (char c = 'a'; c < 'f'; ++c) {
    ASSERT_TRUE(harness.append(std::string(9000, c)).has_value());
  }
  harness.log.reset();
  harness.files.make_unreadable(LogHarness::path(1), 21000, 10);  // in the third
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_EQ(harness.bodies, (Texts{std::string(9000, 'a'), std::string(9000, 'b'),
                                   std::string(9000, 'd'), std::string(9000, 'e')}));
  EXPECT_EQ(harness.report.quarantined_count, 1U);
  // Nothing was damaged for good: the file stays, and reads whole when the device recovers.
  ASSERT_TRUE(harness.append("new").has_value());
  harness.files.put(LogHarness::path(1), harness.files.content(LogHarness::path(1)));
  ASSERT_TRUE(harness.reopen().has_value());
  EXPECT_EQ(harness.bodies.size(), 6U);
  EXPECT_EQ(harness.report.messages, Texts{});
}

// The records behind may be acknowledged ones: their positions must not be given out again.
TEST_F(LogFiles, LeaveRoomForTheRecordsOfAnUnreadableEnd) {
  harness_.files.make_unreadable(LogHarness::path(2), place(4).begin, 8);
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_LT(harness_.bodies.size(), 7U);
  ASSERT_TRUE(harness_.append("new").has_value());
  harness_.files.put(LogHarness::path(2), sample_.files.at(LogHarness::path(2)));
  ASSERT_TRUE(harness_.reopen().has_value());
  Texts expected = sample_.bodies();
  expected.emplace_back("new");
  EXPECT_EQ(harness_.bodies, expected);
}

TEST_F(LogFiles, WithoutAHeaderAreReadByTheNumberInTheirName) {
  for (const std::uint64_t file : {1U, 2U}) {
    LogHarness harness;
    load(harness, sample_);
    std::string bytes = sample_.files.at(LogHarness::path(file));
    bytes.replace(0, kFirstRecordOffset, kFirstRecordOffset, '?');
    harness.files.put(LogHarness::path(file), bytes);
    ASSERT_TRUE(harness.open().has_value());
    EXPECT_EQ(harness.bodies, sample_.bodies());
    EXPECT_EQ(harness.report.quarantined_count, 1U);
    expect_goes_on(harness);
  }
}

TEST_F(LogFiles, WithoutAHeaderDoNotShowRecordsOfTheirFormerUse) {
  LogHarness harness;
  const Sample recycled = make_recycled_sample();
  load(harness, recycled);
  std::string bytes = recycled.files.at(LogHarness::path(3));
  bytes.replace(0, kFirstRecordOffset, kFirstRecordOffset, '\0');
  harness.files.put(LogHarness::path(3), bytes);
  ASSERT_TRUE(harness.open().has_value());
  EXPECT_EQ(harness.bodies, recycled.bodies());
}

TEST_F(LogFiles, ThatAreEmptyOrZeroAreSetAside) {
  harness_.files.put(LogHarness::path(3), "");
  harness_.files.put(LogHarness::path(4), std::string(4096, '\0'));
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.bodies, sample_.bodies());
  EXPECT_EQ(harness_.report.quarantined_count, 2U);
  EXPECT_TRUE(
      is_said("000000000003.log (0 bytes) holds neither a segment's header nor a record; "
              "it is set aside as 000000000003.log.0.damaged"));
  EXPECT_TRUE(is_said("000000000004.log (4096 bytes) holds neither"));
  expect_goes_on(harness_);
  EXPECT_EQ(harness_.report.messages, Texts{});
}

TEST_F(LogFiles, OfOthersAreIgnored) {
  harness_.files.put("/log/notes.txt", "mine");
  harness_.files.put("/log/1.log", "");
  harness_.files.put("/log/00000000000x.log", "");
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.bodies, sample_.bodies());
  EXPECT_TRUE(is_said("notes.txt is not a file of the log and is ignored"));
  EXPECT_EQ(harness_.report.messages.size(), 3U);
  EXPECT_EQ(harness_.files.content("/log/notes.txt"), "mine");
}

TEST_F(LogFiles, ThatAreThereTwiceAreReadOnce) {
  harness_.files.put(LogHarness::path(7), sample_.files.at(LogHarness::path(1)));
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.bodies, sample_.bodies());
  EXPECT_EQ(harness_.report.messages,
            (Texts{"000000000007.log is segment 1 a second time, after 000000000001.log, and is "
                   "not read; it is set aside as 000000000007.log.0.damaged"}));
  expect_goes_on(harness_);
}

TEST_F(LogFiles, UnderAnotherNameAreReadByTheirHeader) {
  ASSERT_TRUE(harness_.files.rename_file(LogHarness::path(1), LogHarness::path(9)).has_value());
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.bodies, sample_.bodies());
  EXPECT_TRUE(is_said("000000000009.log says that it is segment 1 and is read as that"));
  expect_goes_on(harness_);
}

TEST_F(LogFiles, ThatAreMissingAreMissed) {
  ASSERT_TRUE(harness_.open().has_value());
  ASSERT_TRUE(harness_.append("new").has_value());
  ASSERT_TRUE(harness_.reopen().has_value());
  harness_.log.reset();
  ASSERT_TRUE(harness_.files.remove_file(LogHarness::path(2)).has_value());
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.bodies.size(), 4U);
  EXPECT_EQ(harness_.report.messages,
            (Texts{"segment 2 (000000000002.log) is missing before 000000000003.log; positions 4 "
                   "to 7 are missing"}));
}

TEST_F(LogFiles, OfANewerVersionAreRefusedAndLeftAsTheyAre) {
  SegmentHeader header = decode_segment_header(sample_.files.at(LogHarness::path(2))).value();
  header.version = 2;
  std::string bytes = sample_.files.at(LogHarness::path(2));
  bytes.replace(0, kFirstRecordOffset + kEndMarkBytes, encode_segment_start(header));
  harness_.files.put(LogHarness::path(2), bytes);
  harness_.files.put("/log/000000000003.new", "unfinished");
  const Texts names = harness_.file_names();
  const auto opened = harness_.open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::FailedPrecondition);
  EXPECT_EQ(opened.error().message,
            "/log/000000000002.log has log format version 2; this program reads versions up to 1; "
            "nothing was changed");
  EXPECT_EQ(harness_.file_names(), names);
  EXPECT_EQ(harness_.files.content(LogHarness::path(2)), bytes);
  EXPECT_EQ(harness_.bodies, Texts{});
}

TEST_F(LogFiles, WithARecordOfAnUnknownFormatKeepIt) {
  std::string bytes = sample_.files.at(LogHarness::path(2));
  auto header = decode_record_header(std::string_view(bytes).substr(place(4).begin)).value();
  header.format = 77;
  std::string encoded;
  append_record_header(encoded, header);
  bytes.replace(place(4).begin, encoded.size(), encoded);
  harness_.files.put(LogHarness::path(2), bytes);
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.bodies, without(sample_.bodies(), 4));
  EXPECT_TRUE(is_said("record 5 has format 77 and encoding 0, which this program does not know"));
  EXPECT_EQ(harness_.report.quarantined_count, 1U);
}

TEST_F(LogFiles, WithALongerRecordThanTheLimitAreDamaged) {
  harness_.options.record_bytes_max = 133;
  ASSERT_TRUE(harness_.open().has_value());
  EXPECT_EQ(harness_.report.quarantined_count, 0U);
  harness_.options.record_bytes_max = 132;
  ASSERT_TRUE(harness_.reopen().has_value());
  EXPECT_EQ(harness_.bodies, without(sample_.bodies(), 4));
  EXPECT_TRUE(is_said("a record claims 133 bytes, more than the limit"));
}

// Given up after a failed write, gone, and come back after a power cut.
TEST_F(LogFiles, ThatTheNextHeaderPassesOverAreNotRead) {
  ASSERT_TRUE(harness_.open().has_value());
  ASSERT_TRUE(harness_.append("refused").has_value());
  harness_.log.reset();
  const std::string given_up = harness_.files.content(LogHarness::path(3));
  ASSERT_TRUE(harness_.files.remove_file(LogHarness::path(3)).has_value());
  harness_.files.put("/log/000000000003.new", "");  // so that the next one gets number 4
  ASSERT_TRUE(harness_.open().has_value());
  ASSERT_TRUE(harness_.append("new").has_value());
  harness_.files.put(LogHarness::path(3), given_up);
  ASSERT_TRUE(harness_.reopen().has_value());
  Texts expected = sample_.bodies();
  expected.emplace_back("new");
  EXPECT_EQ(harness_.bodies, expected);
  EXPECT_TRUE(is_said("000000000003.log was given up after a failed write"));
}

TEST(LogFormat, ParsesNames) {
  EXPECT_EQ(segment_file_name(42), "000000000042.log");
  EXPECT_EQ(parse_segment_file_name("000000000042.log", kSegmentEnding), 42U);
  EXPECT_EQ(parse_segment_file_name("999999999999.spare", kSpareEnding), 999999999999U);
  for (const char* name : {"42.log", ".log", "", "000000000042.logs", "00000000004-.log",
                           "0000000000420.log", "+00000000042.log"}) {
    EXPECT_FALSE(parse_segment_file_name(name, kSegmentEnding).has_value()) << name;
  }
}

// The bytes of docs/formats/log.md; they never change.
TEST(LogFormat, WritesTheBytesOfTheDocument) {
  SegmentHeader header;
  header.is_recycled = true;
  header.number = 0x0102;
  header.salt = 0x0a0b0c0d;
  header.created_at = 0x1112131415161718;
  header.first_position = 7;
  header.previous_number = 0x0101;
  header.previous_end = 2048;
  const std::string start = encode_segment_start(header);
  ASSERT_EQ(start.size(), 1032U);
  const std::string expected(
      "WBLOGSEG\x01\0\0\0\x01\0\0\0\x02\x01\0\0\0\0\0\0\x0d\x0c\x0b\x0a\0\0\0\0"
      "\x18\x17\x16\x15\x14\x13\x12\x11\x07\0\0\0\0\0\0\0\x01\x01\0\0\0\0\0\0\0\x08\0\0\0\0\0\0",
      64);
  EXPECT_EQ(start.substr(0, 64), expected);
  EXPECT_EQ(start.substr(512, 72), start.substr(0, 72));
  EXPECT_EQ(start.find_first_not_of('\0', 72), 512U);
  EXPECT_EQ(start.find_first_not_of('\0', 584), std::string::npos);
  EXPECT_EQ(decode_segment_header(start), header);

  RecordHeader record;
  record.marker = header.marker();
  record.position = 7;
  record.received_at = 9;
  record.body_bytes = 5;
  record.format = 2;
  record.encoding = 1;
  record.starts_group = true;
  record.body_checksum = 0x2122232425262728;
  std::string bytes;
  append_record_header(bytes, record);
  ASSERT_EQ(bytes.size(), 48U);
  EXPECT_EQ(bytes.substr(0, 40),
            std::string("\x02\x01\0\0\x0d\x0c\x0b\x0a\x07\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0"
                        "\x05\0\0\0\x02\x01\x01\0\x28\x27\x26\x25\x24\x23\x22\x21",
                        40));
  EXPECT_EQ(decode_record_header(bytes), record);
  EXPECT_EQ(record.record_bytes(), 56U);
}

}  // namespace
}  // namespace waybill::storage
