// SPDX-License-Identifier: Apache-2.0
#include "cmd/trace_file.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "compress/decompress.h"
#include "wire/protobuf/proto_cursor.h"

namespace waybill::cmd {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::size_t kFileBytesMax = std::size_t{8} << 30;
constexpr std::size_t kPartBytes = std::size_t{4} << 20;

// The document inside {"result": ... }, or the text itself.
std::string_view unwrap_result(std::string_view text) {
  std::string_view inner = trim(text.substr(1));
  if (!inner.starts_with("\"result\"")) {
    return text;
  }
  inner = trim(inner.substr(8));
  if (!inner.starts_with(':') || !inner.ends_with('}')) {
    return text;
  }
  inner.remove_prefix(1);
  inner.remove_suffix(1);
  return trim(inner);
}

std::vector<TraceFilePart> split_lines(std::string_view text) {
  std::vector<TraceFilePart> parts;
  std::size_t line = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ++line;
    if (const std::string_view body = trim(text.substr(0, end)); !body.empty()) {
      parts.push_back({std::string(body), true, line});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// A document of several lines has a first line that does not end what it began.
bool is_one_document(std::string_view text) {
  const std::string_view first = trim(text.substr(0, std::min(text.find('\n'), text.size())));
  return !first.ends_with('}') ||
         std::count(first.begin(), first.end(), '{') != std::count(first.begin(), first.end(), '}');
}

Result<std::vector<TraceFilePart>> split_protobuf(std::string_view bytes) {
  std::vector<TraceFilePart> parts;
  std::string body;
  wire::ProtoCursor cursor(as_bytes(bytes));
  const char* begin = bytes.data();
  while (!cursor.at_end()) {
    // TracesData has one field, resource_spans = 1.
    if (cursor.read_tag() != wire::proto_tag(1, wire::WireType::Length)) {
      return invalid_argument(
          "this is neither OTLP/JSON nor OTLP protobuf (TracesData), plain or gzip");
    }
    const std::string_view message = as_text(cursor.read_bytes());
    if (!cursor.ok()) {
      return invalid_argument("the protobuf message is cut short");
    }
    const char* end = message.data() + message.size();
    body.append(begin, end);
    begin = end;
    if (body.size() >= kPartBytes) {
      parts.push_back({std::exchange(body, {}), false, 1});
    }
  }
  if (!body.empty()) {
    parts.push_back({std::move(body), false, 1});
  }
  return parts;
}

}  // namespace

Result<std::vector<TraceFilePart>> split_trace_file(std::string content) {
  if (content.starts_with(kGzipMagic)) {
    compress::DecompressLimits limits;
    limits.output_bytes_max = kFileBytesMax;
    content = TRY(compress::decompress(compress::Encoding::Gzip, content, limits));
  }
  const std::string_view text = trim(content);
  if (text.empty()) {
    return std::vector<TraceFilePart>();
  }
  if (text.front() != '{') {
    return split_protobuf(content);
  }
  const std::string_view document = unwrap_result(text);
  if (document.size() != text.size() || is_one_document(text)) {
    return std::vector<TraceFilePart>{{std::string(document), true, 1}};
  }
  return split_lines(text);
}

}  // namespace waybill::cmd
