// SPDX-License-Identifier: Apache-2.0
//
// test/golden/otlp/<case>/
//   input.hex    a request in hex; "#" begins a comment
//   model.txt    what it decodes to, or its error
//   encoded.hex  what that encodes to again, where it is not the input
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "model/testing/print_batch.h"
#include "wire/otlp/otlp.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(WAYBILL_SOURCE_DIR) / "test/golden/otlp";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string parse_hex_file(const fs::path& path) {
  std::string bytes;
  std::string digits;
  bool in_comment = false;
  for (const char c : read_file(path)) {
    in_comment = c == '\n' ? false : in_comment || c == '#';
    if (in_comment || c == ' ' || c == '\n') {
      continue;
    }
    digits += c;
    if (digits.size() == 2) {
      bytes += static_cast<char>(parse_hex(digits).value());
      digits.clear();
    }
  }
  EXPECT_EQ(digits, "") << path;
  return bytes;
}

std::string print_hex(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 32) {
    std::string_view separator;
    for (const char byte : bytes.substr(at, 32)) {
      out += separator;
      append_hex(out, static_cast<std::uint8_t>(byte), 2);
      separator = " ";
    }
    out += '\n';
  }
  return out;
}

std::string print_decoded(const Result<wire::otlp::Decoded>& decoded) {
  if (!decoded.has_value()) {
    return fmt::format("error {}: {}\n", error_code_name(decoded.error().code),
                       decoded.error().message);
  }
  std::string out = model::testing::print_batch(decoded->batch);
  for (std::size_t reason = 0; reason < wire::kRefusedSpanCount; ++reason) {
    if (decoded->counts.refused[reason] != 0) {
      out += fmt::format("refused {} {}\n",
                         wire::refused_span_name(static_cast<wire::RefusedSpan>(reason)),
                         decoded->counts.refused[reason]);
    }
  }
  for (std::size_t cut = 0; cut < wire::kCutCount; ++cut) {
    if (decoded->counts.cut[cut] != 0) {
      out += fmt::format("cut {} {}\n", wire::cut_name(static_cast<wire::Cut>(cut)),
                         decoded->counts.cut[cut]);
    }
  }
  return out;
}

std::string encode(const model::SpanBatch& batch) {
  std::vector<const model::Span*> spans;
  for (const model::Span& span : batch.spans()) {
    spans.push_back(&span);
  }
  std::string out;
  wire::otlp::encode_protobuf(spans, out);
  return out;
}

void update(const fs::path& folder, const std::string& model, const std::string& input,
            const std::string& encoded) {
  std::ofstream(folder / "model.txt", std::ios::binary) << model;
  fs::remove(folder / "encoded.hex");
  if (encoded != input) {
    std::ofstream(folder / "encoded.hex", std::ios::binary) << print_hex(encoded);
  }
}

class OtlpGolden : public testing::TestWithParam<std::string> {};

TEST_P(OtlpGolden, DecodesToItsModelAndEncodesBack) {
  const fs::path folder = kFolder / GetParam();
  const std::string input = parse_hex_file(folder / "input.hex");
  const auto decoded = wire::otlp::decode_protobuf(std::make_shared<const std::string>(input));
  const std::string model = print_decoded(decoded);
  const std::string encoded = decoded.has_value() ? encode(decoded->batch) : input;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    update(folder, model, input, encoded);
  }
  EXPECT_EQ(model, read_file(folder / "model.txt"));
  const bool has_encoded = fs::exists(folder / "encoded.hex");
  EXPECT_EQ(print_hex(encoded),
            print_hex(has_encoded ? parse_hex_file(folder / "encoded.hex") : input));
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    names.push_back(entry.path().filename());
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Cases, OtlpGolden, testing::ValuesIn(cases()),
                         [](const auto& golden) { return golden.param; });

}  // namespace
}  // namespace waybill
