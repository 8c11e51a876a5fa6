// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "os/file_system.h"
#include "storage/block/block_format.h"

namespace waybill::storage {

// Reads every byte of a block: each checksum, each number that refers to something, the order of
// traces, the bounds that searches rely on, each trace through the index, and all spans. The error
// says what is wrong first, with file, part and offset. Holds one row group in memory. Any thread.
Result<BlockInfo> verify_block(os::FileSystem& files, const std::string& path);

}  // namespace waybill::storage
