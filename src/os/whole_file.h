// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "base/result.h"

// Files of the user's own, named on the command line: read and written front to back. The store's
// files go through FileSystem.
namespace waybill::os {

// Everything that is in the file. NotFound where it can not be read, ResourceExhausted where it is
// larger than `size_bytes_max`.
Result<std::string> read_whole_file(const std::string& path, std::uint64_t size_bytes_max);

// Writes a new file in place of what was there. One thread at a time.
class FileWriter final {
 public:
  explicit FileWriter(const std::string& path);

  void write(std::string_view bytes);
  // Whether everything that was written is in the file now. Internal where it is not.
  Result<void> finish();

 private:
  std::string path_;
  std::ofstream file_;
};

}  // namespace waybill::os
