// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/api_client.h"
#include "cmd/commands.h"
#include "cmd/query_fault.h"
#include "lang/expression.h"
#include "lang/parse.h"
#include "wire/json/json_value.h"

namespace waybill::cmd {
namespace {

constexpr int kPageMax = 500;

// A text as a literal of the query language.
std::string literal(std::string_view text) {
  lang::Expression expression;
  expression.kind = lang::Expression::Kind::Compare;
  expression.comparison.field = lang::Intrinsic::Name;
  expression.comparison.literal = std::string(text);
  // "{ name = "text" }": what stands behind the equals sign.
  const std::string printed = lang::print(expression);
  const std::size_t begin = printed.find('"');
  return printed.substr(begin, printed.rfind('"') - begin + 1);
}

// The options as one filter, beside the query that was given.
std::string build_query(const SearchOptions& options) {
  std::string conditions;
  const auto add = [&](std::string condition) {
    conditions += (conditions.empty() ? "" : " && ") + std::move(condition);
  };
  const std::string_view query = trim(options.query);
  if (query.size() > 2 && query.starts_with('{') && query.ends_with('}')) {
    const std::string_view body = trim(query.substr(1, query.size() - 2));
    if (!body.empty()) {
      add(fmt::format("({})", body));
    }
  } else if (!query.empty() && query != "{}") {
    return std::string(query);  // the server says what is wrong with it
  }
  if (!options.service.empty()) {
    add("resource.service.name = " + literal(options.service));
  }
  if (!options.operation.empty()) {
    add("name = " + literal(options.operation));
  }
  if (!options.min_duration.empty()) {
    add("duration >= " + options.min_duration);
  }
  if (!options.max_duration.empty()) {
    add("duration <= " + options.max_duration);
  }
  if (options.errors_only) {
    add("status = error");
  }
  // The query alone is sent as it was typed, so that the place of an error is right.
  const bool only_query =
      !query.empty() && conditions == fmt::format("({})", trim(query.substr(1, query.size() - 2)));
  return only_query ? std::string(query) : "{ " + conditions + " }";
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return out;
}

void print_row(const wire::JsonValue& trace) {
  const auto text = [&](std::string_view key) { return printable(trace[key].text().value_or("")); };
  const std::int64_t duration = trace["durationNano"].integer().value_or(0);
  const UnixNanos start = trace["startUnixNano"].unsigned_integer().value_or(0);
  const std::int64_t errors = trace["errorCount"].integer().value_or(0);
  fmt::print("{}  {:<30} {:>9} {:>6} {:>6}  {}  {}\n", text("traceId"), print_rfc3339(start),
             print_duration(duration), trace["spanCount"].integer().value_or(0),
             errors > 0 ? std::to_string(errors) : "-", text("rootService"), text("rootOperation"));
}

// An error that shows where in the query it is.
Error with_place(Error error, std::string_view query, const ApiClient& client) {
  if (const auto position = client.fault_position()) {
    std::string place = point_at(query, *position);
    place.pop_back();
    error.message += '\n' + place;
  }
  return error;
}

Result<void> run(const SearchOptions& options) {
  ApiClient client = TRY(ApiClient::make(options.client.server));
  const std::string query = build_query(options);
  std::string target = "/api/w1/search?q=" + url_encode(query);
  for (const auto& [name, value] : {std::pair{"from", &options.from}, {"to", &options.to}}) {
    if (!value->empty()) {
      target += fmt::format("&{}={}", name, url_encode(*value));
    }
  }
  std::string cursor;
  int found = 0;
  while (found < options.limit) {
    const int page = std::min(options.limit - found, kPageMax);
    std::string page_target = fmt::format("{}&limit={}", target, page);
    if (!cursor.empty()) {
      page_target += "&cursor=" + url_encode(cursor);
    }
    auto answer_body = client.get(page_target);
    if (!answer_body) {
      return with_place(std::move(answer_body).error(), query, client);
    }
    const std::string& body = *answer_body;
    if (options.as_json) {
      fmt::print("{}\n", body);
    }
    const wire::JsonValue answer = TRY(wire::JsonValue::parse(body));
    for (const wire::JsonValue& trace : answer["traces"].items()) {
      if (!options.as_json && found == 0) {
        fmt::print("{:<32}  {:<30} {:>9} {:>6} {:>6}  {}\n", "TRACE", "START", "DURATION", "SPANS",
                   "ERRORS", "ROOT");
      }
      if (!options.as_json) {
        print_row(trace);
      }
      ++found;
    }
    cursor = answer["nextCursor"].text().value_or("");
    if (cursor.empty()) {
      break;
    }
  }
  if (found == 0) {
    fmt::print(stderr, "no trace matches\n");
  } else if (!cursor.empty()) {
    fmt::print(stderr, "there are more; --limit shows more than {}\n", options.limit);
  }
  return {};
}

}  // namespace

int search(const SearchOptions& options) {
  if (const auto done = run(options); !done) {
    fmt::print(stderr, "waybill search: {}\n", done.error().message);
    return done.error().code == ErrorCode::InvalidArgument ? 2 : 1;
  }
  return 0;
}

}  // namespace waybill::cmd
