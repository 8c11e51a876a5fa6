// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "model/value.h"
#include "wire/json/json_writer.h"

namespace waybill::api::own {

// [{"key", "type", "value"}], in the order they came, duplicates too (docs/design/own-api.md).
void write_attributes(std::span<const model::Attribute> attributes, wire::JsonWriter& json);

}  // namespace waybill::api::own
