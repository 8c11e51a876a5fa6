// SPDX-License-Identifier: Apache-2.0
#include "os/whole_file.h"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace waybill::os {

Result<std::string> read_whole_file(const std::string& path, std::uint64_t size_bytes_max) {
  std::ifstream file(path, std::ios::binary);
  std::string content;
  std::string piece(std::size_t{1} << 20, '\0');
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    content.append(piece, 0, static_cast<std::size_t>(file.gcount()));
    if (content.size() > size_bytes_max) {
      return resource_exhausted(path + ": the file is too large");
    }
  }
  // Reading ends at the end of the file; anything else is a failure, a file that is not there
  // included.
  if (!file.eof()) {
    return not_found(path + ": the file can not be read");
  }
  return content;
}

FileWriter::FileWriter(const std::string& path)
    : path_(path), file_(path, std::ios::binary | std::ios::trunc) {}

void FileWriter::write(std::string_view bytes) {
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

Result<void> FileWriter::finish() {
  file_.close();
  if (!file_) {
    return internal_error(path_ + ": the file can not be written");
  }
  return {};
}

}  // namespace waybill::os
