// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Sets of 64-bit hashes, told from outsiders in 99 of 100 cases, in 10 bits a member: blocks of 512
// bits, of which a hash chooses one, and six bits in it (docs/formats/block.md). Pure functions;
// any thread.
namespace waybill::storage {

std::string make_bloom_filter(std::span<const std::uint64_t> hashes);

// False: it is no member for certain. A filter of another length than make_bloom_filter gives says
// true.
bool may_contain(std::string_view filter, std::uint64_t hash);

}  // namespace waybill::storage
