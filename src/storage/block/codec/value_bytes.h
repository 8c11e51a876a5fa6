// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "base/arena.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/block/codec/block_bytes.h"

// Values, lists of attributes, scopes and resources as bytes of a block (docs/formats/block.md),
// for what is not worth a column. Pure functions; any thread.
namespace waybill::storage {

// Deeper values can not be stored; decoders stop far above (wire/decode_limits.h).
inline constexpr int kValueDepthMax = 200;

// False where a value nests deeper than kValueDepthMax.
bool write_value(const model::Value& value, ByteWriter& out, int depth = 0);
bool write_attributes(std::span<const model::Attribute> attributes, ByteWriter& out, int depth = 0);
bool write_scope(const model::Scope& scope, ByteWriter& out);
bool write_resource(const model::Resource& resource, ByteWriter& out);

// Read back; texts point into what the cursor reads, lists live in the arena. A fault is the
// cursor's.
model::Value read_value(ByteCursor& in, Arena& arena, int depth = 0);
std::span<const model::Attribute> read_attributes(ByteCursor& in, Arena& arena, int depth = 0);
model::Scope read_scope(ByteCursor& in, Arena& arena);
model::Resource read_resource(ByteCursor& in, Arena& arena);

}  // namespace waybill::storage
