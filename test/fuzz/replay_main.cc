// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target without libFuzzer: over every file of a folder, every prefix of it, and small
// files with each byte changed in a few ways. What it runs depends on the files alone; a limit on
// time keeps a slow machine from stopping the suite.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMutatedBytesMax = 2048;
constexpr std::chrono::seconds kTimeMax{10};

class Replay final {
 public:
  // False once the time is over.
  bool run(const std::string& input) {
    // A vector of the exact size, so that a sanitizer sees a read past the end.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++count_;
    return std::chrono::steady_clock::now() < deadline_;
  }

  bool run_variants(const std::string& seed) {
    for (std::size_t size = 0; size <= seed.size(); ++size) {
      if (!run(seed.substr(0, size))) {
        return false;
      }
    }
    for (std::size_t at = 0; at < seed.size() && seed.size() <= kMutatedBytesMax; ++at) {
      for (const unsigned flip : {0x01U, 0x80U, 0x7FU, 0xFFU}) {
        std::string changed = seed;
        changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
        if (!run(changed)) {
          return false;
        }
      }
    }
    return true;
  }

  std::size_t count() const { return count_; }

 private:
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + kTimeMax;
  std::size_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Replay replay;
  std::size_t file_count = 0;
  std::vector<std::string> seeds;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      replay.run(seeds.back());
      ++file_count;
    }
  }
  if (file_count == 0) {
    std::fprintf(stderr, "no corpus in the folders that were named\n");
    return 1;
  }
  for (const std::string& seed : seeds) {
    if (!replay.run_variants(seed)) {
      std::printf("out of time, ");
      break;
    }
  }
  std::printf("%zu files, %zu inputs\n", file_count, replay.count());
  return 0;
}
