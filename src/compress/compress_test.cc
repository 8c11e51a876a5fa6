// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "compress/decompress.h"

namespace waybill::compress {
namespace {

constexpr Encoding kCompressing[] = {Encoding::Gzip, Encoding::Deflate, Encoding::Zstd};

std::string text_of(std::size_t size_bytes, std::uint64_t seed = 1) {
  Random random(seed);
  std::string text;
  while (text.size() < size_bytes) {
    text += "span " + std::to_string(random.below(1000)) + ' ';
  }
  text.resize(size_bytes);
  return text;
}
std::string noise(std::size_t size_bytes) {
  Random random(2);
  std::string bytes(size_bytes, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random.next());
  }
  return bytes;
}
ErrorCode refusal(Encoding encoding, std::string_view input,
                  std::size_t output_bytes_max = 1 << 20) {
  const auto result = decompress(encoding, input, {.output_bytes_max = output_bytes_max});
  return result.has_value() ? ErrorCode::Unknown : result.error().code;
}

TEST(Compress, KnowsTheNamesOfEncodings) {
  EXPECT_EQ(parse_encoding(""), Encoding::Identity);
  EXPECT_EQ(parse_encoding("identity"), Encoding::Identity);
  EXPECT_EQ(parse_encoding("GZIP"), Encoding::Gzip);
  EXPECT_EQ(parse_encoding(" x-gzip"), Encoding::Gzip);
  EXPECT_EQ(parse_encoding("zstd"), Encoding::Zstd);
  EXPECT_EQ(parse_encoding("deflate"), Encoding::Deflate);
  EXPECT_EQ(parse_encoding("zlib"), Encoding::Deflate);
  EXPECT_EQ(parse_encoding("br"), std::nullopt);
  EXPECT_EQ(parse_encoding("gzip, gzip"), std::nullopt);
  for (const Encoding encoding : kCompressing) {
    EXPECT_EQ(parse_encoding(encoding_name(encoding)), encoding);
  }
}

TEST(Compress, GivesBackWhatWentIn) {
  for (const Encoding encoding : kCompressing) {
    for (const std::size_t size : {0, 1, 100, 65'535, 65'536, 65'537, 1'000'000}) {
      for (const std::string& input : {text_of(size), std::string(size, 'x'), noise(size)}) {
        const auto result = decompress(encoding, compress(encoding, input));
        ASSERT_TRUE(result.has_value()) << encoding_name(encoding) << ' ' << size;
        EXPECT_EQ(*result, input) << encoding_name(encoding) << ' ' << size;
      }
    }
  }
}

TEST(Compress, TakesEveryLevel) {
  for (const Encoding encoding : kCompressing) {
    for (const int level : {1, 3, 9, 12, 19}) {
      const std::string input = text_of(5000);
      EXPECT_EQ(decompress(encoding, compress(encoding, input, level)).value(), input);
    }
  }
}

TEST(Decompress, PassesIdentityWithinTheLimit) {
  EXPECT_EQ(decompress(Encoding::Identity, "abc", {.output_bytes_max = 3}).value(), "abc");
  EXPECT_EQ(refusal(Encoding::Identity, "abcd", 3), ErrorCode::ResourceExhausted);
}

TEST(Decompress, LimitsTheOutput) {
  for (const Encoding encoding : kCompressing) {
    for (const std::size_t size : {1, 1000, 70'000, 300'000}) {
      const std::string packed = compress(encoding, text_of(size));
      EXPECT_EQ(decompress(encoding, packed, {.output_bytes_max = size}).value(), text_of(size))
          << encoding_name(encoding) << ' ' << size;
      EXPECT_EQ(refusal(encoding, packed, size - 1), ErrorCode::ResourceExhausted)
          << encoding_name(encoding) << ' ' << size;
    }
  }
}

TEST(Decompress, ReadsSeveralMembersAndFrames) {
  for (const Encoding encoding : {Encoding::Gzip, Encoding::Zstd}) {
    const std::string input = compress(encoding, text_of(100'000, 1)) + compress(encoding, "") +
                              compress(encoding, text_of(50, 2));
    EXPECT_EQ(decompress(encoding, input).value(), text_of(100'000, 1) + text_of(50, 2));
    EXPECT_EQ(refusal(encoding, input, 100'049), ErrorCode::ResourceExhausted);
  }
}

TEST(Decompress, RefusesWhatFollowsTheEnd) {
  for (const Encoding encoding : kCompressing) {
    for (const std::string_view rest : {"x", "garbage that is long enough to be a header"}) {
      for (const std::string_view content : {"", "abc"}) {
        EXPECT_EQ(refusal(encoding, compress(encoding, content) + std::string(rest)),
                  ErrorCode::InvalidArgument)
            << encoding_name(encoding);
      }
    }
  }
  const std::string zlib = compress(Encoding::Deflate, "abc");
  EXPECT_EQ(refusal(Encoding::Deflate, zlib + zlib), ErrorCode::InvalidArgument);
}

TEST(Decompress, RefusesEveryTruncation) {
  for (const Encoding encoding : kCompressing) {
    const std::string packed = compress(encoding, text_of(3000));
    for (std::size_t size = 0; size < packed.size(); ++size) {
      EXPECT_EQ(refusal(encoding, std::string(packed, 0, size)), ErrorCode::InvalidArgument)
          << encoding_name(encoding) << ' ' << size;
    }
  }
}

TEST(Decompress, RefusesWrongChecksums) {
  for (const Encoding encoding : {Encoding::Gzip, Encoding::Deflate}) {
    std::string packed = compress(encoding, text_of(3000));
    packed[packed.size() - (encoding == Encoding::Gzip ? 6 : 2)] ^= 1;
    EXPECT_EQ(refusal(encoding, packed), ErrorCode::InvalidArgument);
  }
}

TEST(Decompress, RefusesOneFormatUnderTheNameOfAnother) {
  for (const Encoding made : kCompressing) {
    for (const Encoding said : kCompressing) {
      if (made != said) {
        EXPECT_EQ(refusal(said, compress(made, text_of(3000))), ErrorCode::InvalidArgument);
      }
    }
  }
}

// The last four bytes of a gzip member claim a length that nothing may be allocated for.
TEST(Decompress, DoesNotBelieveTheLengthThatGzipClaims) {
  std::string packed = compress(Encoding::Gzip, "abc");
  for (std::size_t i = packed.size() - 4; i < packed.size(); ++i) {
    packed[i] = '\xFF';
  }
  EXPECT_EQ(refusal(Encoding::Gzip, packed), ErrorCode::InvalidArgument);
}

TEST(Decompress, RefusesLargeZstdWindows) {
  using namespace std::string_literals;
  // A frame header with a window descriptor, and an empty last raw block.
  const auto frame = [](char window) { return "\x28\xB5\x2F\xFD\x00"s + window + "\x01\x00\x00"s; };
  EXPECT_TRUE(decompress(Encoding::Zstd, frame('\x70')).has_value());  // 2^24
  EXPECT_EQ(refusal(Encoding::Zstd, frame('\x71')), ErrorCode::InvalidArgument);
  EXPECT_EQ(refusal(Encoding::Zstd, frame('\xF8')), ErrorCode::InvalidArgument);
}

// Sanitizers keep freed memory for a while, so that the buffers that were outgrown count too, and
// ThreadSanitizer's notes about each byte on top.
#if defined(__SANITIZE_THREAD__)
constexpr std::size_t kPeakPercent = 1200;
#elif defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kPeakPercent = 450;
#else
constexpr std::size_t kPeakPercent = 250;
#endif

long peak_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// A gigabyte in a megabyte or less: refused, and the memory of the process grows by about the
// limit.
TEST(Decompress, RefusesBombsWithoutTheirMemory) {
  constexpr std::size_t kLimit = std::size_t{32} << 20;
  for (const Encoding encoding : {Encoding::Gzip, Encoding::Zstd}) {
    const std::string piece = compress(encoding, std::string(std::size_t{1} << 20, '\0'));
    std::string bomb;
    for (int i = 0; i < 1024; ++i) {
      bomb += piece;
    }
    const long before = peak_memory_kib();
    EXPECT_EQ(refusal(encoding, bomb, kLimit), ErrorCode::ResourceExhausted);
    EXPECT_LT(peak_memory_kib() - before, static_cast<long>(kLimit / 1024 * kPeakPercent / 100));
  }
}

TEST(Decompress, RefusesBombsInOnePiece) {
  for (const Encoding encoding : kCompressing) {
    const std::string bomb = compress(encoding, std::string(std::size_t{16} << 20, '\0'), 9);
    EXPECT_LT(bomb.size(), 20'000u);
    EXPECT_EQ(refusal(encoding, bomb, std::size_t{1} << 20), ErrorCode::ResourceExhausted);
  }
}

TEST(Decompress, WorksAfterAFailure) {
  for (const Encoding encoding : kCompressing) {
    const std::string packed = compress(encoding, text_of(3000));
    EXPECT_EQ(refusal(encoding, packed.substr(0, packed.size() / 2)), ErrorCode::InvalidArgument);
    EXPECT_EQ(decompress(encoding, packed).value(), text_of(3000));
  }
}

TEST(Decompress, RunsOnSeveralThreads) {
  const std::string packed = compress(Encoding::Zstd, text_of(3000));
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        EXPECT_EQ(decompress(Encoding::Zstd, packed).value(), text_of(3000));
        EXPECT_EQ(decompress(Encoding::Gzip, compress(Encoding::Gzip, "abc")).value(), "abc");
      }
    });
  }
}

}  // namespace
}  // namespace waybill::compress
