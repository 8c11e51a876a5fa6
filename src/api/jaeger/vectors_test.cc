// SPDX-License-Identifier: Apache-2.0
// Answers that other servers of Jaeger's API are known to give, from the reference data beside the
// checkout. Where that is absent the tests skip, and say so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/testing/api_fixture.h"
#include "base/text.h"
#include "base/time.h"
#include "net/http.h"
#include "os/environment.h"
#include "wire/json/json_value.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/otlp.h"

namespace waybill::api::jaeger {
namespace {

using wire::JsonValue;

std::filesystem::path vectors() {
  const auto set = os::environment_variable("WAYBILL_SHARED");
  const std::filesystem::path shared =
      set ? std::filesystem::path(*set)
          : std::filesystem::path(WAYBILL_SOURCE_DIR) / ".." / "shared";
  return shared / "data" / "vectors";
}

std::string read_file(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += '%';
    append_hex(out, static_cast<std::uint8_t>(c), 2);
  }
  return out;
}

// True where `given` has everything that `wanted` has. Lists are compared without their order; an
// absent or null value equals an empty list.
bool covers(const JsonValue& given, const JsonValue& wanted);

bool covers_list(const JsonValue& given, const JsonValue& wanted) {
  std::vector<const JsonValue*> rest;
  for (const JsonValue& item : given.items()) {
    rest.push_back(&item);
  }
  for (const JsonValue& item : wanted.items()) {
    const auto found = std::find_if(rest.begin(), rest.end(), [&](const JsonValue* candidate) {
      return covers(*candidate, item);
    });
    if (found == rest.end()) {
      return false;
    }
    rest.erase(found);
  }
  return rest.empty();
}

bool covers(const JsonValue& given, const JsonValue& wanted) {
  if (wanted.is_object()) {
    return std::all_of(wanted.members().begin(), wanted.members().end(), [&](const auto& member) {
      return covers(given[member.first], member.second);
    });
  }
  if (wanted.is_array()) {
    return covers_list(given, wanted);
  }
  if (wanted.is_null()) {
    return given.is_null() || (given.is_array() && given.items().empty());
  }
  return given.text() == wanted.text() && given.number() == wanted.number() &&
         given.boolean() == wanted.boolean();
}

class JaegerVectors : public ApiFixture {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(vectors())) {
      GTEST_SKIP() << "no reference data in " << vectors();
    }
  }

  void load(std::string_view otlp_json) {
    auto decoded = wire::otlp::decode_json(std::make_shared<std::string>(otlp_json));
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(decoded->counts.refused_total(), 0U);
    list_.append(std::move(decoded->batch));
  }

  static JsonValue document(const std::filesystem::path& name) {
    auto value = JsonValue::parse(read_file(vectors() / name));
    EXPECT_TRUE(value.has_value()) << name;
    return value ? std::move(value).value() : JsonValue();
  }
};

// The OTLP document of a vector, cut out of the text around it: JsonValue does not print.
std::string cut_object(const std::string& text, std::string_view key) {
  const std::size_t begin = text.find('{', text.find("\"" + std::string(key) + "\":"));
  int depth = 0;
  for (std::size_t at = begin; at < text.size(); ++at) {
    depth += text[at] == '{' ? 1 : 0;
    depth -= text[at] == '}' ? 1 : 0;
    if (depth == 0) {
      return text.substr(begin, at + 1 - begin);
    }
  }
  return {};
}

TEST_F(JaegerVectors, AnswersTheBasicCalls) {
  const std::string name = "jaeger-http-query-basic.json";
  const JsonValue vector = document(name);
  ASSERT_FALSE(vector["cases"].items().empty());
  for (const bool before : {true, false}) {
    if (!before) {
      load(cut_object(read_file(vectors() / name), "otlp"));
    }
    for (const JsonValue& test : vector["cases"].items()) {
      if (test["before_ingest"].boolean() != before) {
        continue;
      }
      const net::Response response = get(*test["get"].text());
      EXPECT_EQ(response.status, test["status"].integer());
      EXPECT_TRUE(covers(parse(response)["data"], test["expect"]["data"]))
          << *test["title"].text() << "\n"
          << response.body;
    }
  }
}

TEST_F(JaegerVectors, TransformsOtlp) {
  const std::string folder = "otlp-to-jaeger/otlp2jaeger-";
  const net::Response response =
      ask("POST", "/api/transform", {}, read_file(vectors() / (folder + "in.json")));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(covers(parse(response), document(folder + "out.json"))) << response.body;
}

class JaegerStorageVectors : public JaegerVectors {
 protected:
  void SetUp() override {
    JaegerVectors::SetUp();
    if (IsSkipped()) {
      return;
    }
    for (const auto& file : std::filesystem::directory_iterator(vectors() / kFolder / "traces")) {
      load(read_file(file.path()));
    }
  }

  static std::string fixture_trace_id(std::string_view fixture) {
    const JsonValue otlp =
        document(std::filesystem::path(kFolder) / "traces" / (std::string(fixture) + ".json"));
    const JsonValue& resource = otlp["resourceSpans"].items()[0];
    return std::string(*resource["scopeSpans"].items()[0]["spans"].items()[0]["traceId"].text());
  }

  static std::string micros(const JsonValue& time) {
    return std::to_string(parse_rfc3339(*time.text()).value() / 1000);
  }

  static std::string print_tags(const JsonValue& tags) {
    std::string out;
    wire::JsonWriter writer(out);
    writer.begin_object();
    for (const auto& [key, value] : tags.members()) {
      std::string text;
      if (value.text()) {
        text = *value.text();
      } else if (value.boolean()) {
        text = *value.boolean() ? "true" : "false";
      } else {
        append_double(text, *value.number());
      }
      writer.field(key, text);
    }
    writer.end_object();
    return out;
  }

  static std::string legacy_query(const JsonValue& query) {
    std::string out = "service=" + encode(*query["ServiceName"].text());
    out += "&operation=" + encode(*query["OperationName"].text());
    out += "&start=" + micros(query["StartTimeMin"]) + "&end=" + micros(query["StartTimeMax"]);
    out += "&limit=" + std::to_string(*query["NumTraces"].integer());
    out += "&minDuration=" + std::to_string(*query["DurationMin"].integer()) + "ns";
    out += "&maxDuration=" + std::to_string(*query["DurationMax"].integer()) + "ns";
    return query["Tags"].is_null() ? out : out + "&tags=" + encode(print_tags(query["Tags"]));
  }

  static std::string v3_query(const JsonValue& query) {
    std::string out = "query.serviceName=" + encode(*query["ServiceName"].text());
    out += "&query.operationName=" + encode(*query["OperationName"].text());
    out += "&query.startTimeMin=" + encode(*query["StartTimeMin"].text());
    out += "&query.startTimeMax=" + encode(*query["StartTimeMax"].text());
    out += "&query.searchDepth=" + std::to_string(*query["NumTraces"].integer());
    out += "&query.durationMin=" + std::to_string(*query["DurationMin"].integer()) + "ns";
    out += "&query.durationMax=" + std::to_string(*query["DurationMax"].integer()) + "ns";
    return query["Tags"].is_null() ? out
                                   : out + "&query.attributes=" + encode(print_tags(query["Tags"]));
  }

  static constexpr const char* kFolder = "jaeger-storage-integration";
};

TEST_F(JaegerStorageVectors, FindWhatTheQueriesExpect) {
  const JsonValue queries = document(std::filesystem::path(kFolder) / "queries.json");
  ASSERT_FALSE(queries.items().empty());
  for (const JsonValue& test : queries.items()) {
    std::set<std::string> expected;
    for (const JsonValue& fixture : test["ExpectedFixtures"].items()) {
      expected.insert(fixture_trace_id(*fixture.text()));
    }
    std::set<std::string> found;
    const JsonValue legacy = json("/api/traces?" + legacy_query(test["Query"]));
    for (const JsonValue& trace : legacy["data"].items()) {
      const std::string id(*trace["traceID"].text());
      found.insert(std::string(32 - id.size(), '0') + id);
    }
    EXPECT_EQ(found, expected) << *test["Caption"].text();
    found.clear();
    const JsonValue v3 = json("/api/v3/trace-summaries?" + v3_query(test["Query"]));
    for (const JsonValue& summary : v3["summaries"].items()) {
      found.insert(std::string(*summary["traceId"].text()));
    }
    EXPECT_EQ(found, expected) << *test["Caption"].text() << " (v3)";
  }
}

TEST_F(JaegerStorageVectors, KnowTheServicesOfTheExample) {
  const JsonValue answer = json("/api/v3/services");
  std::set<std::string> services;
  for (const JsonValue& service : answer["services"].items()) {
    services.insert(std::string(*service.text()));
  }
  for (const char* name : {"example-service-1", "example-service-2", "example-service-3"}) {
    EXPECT_TRUE(services.contains(name)) << name;
  }
}

TEST_F(JaegerStorageVectors, GiveWholeTraces) {
  const std::string id = fixture_trace_id("example_trace");
  const JsonValue trace = json("/api/traces/" + id);
  const JsonValue summaries = json(
      "/api/v3/trace-summaries?query.startTimeMin=1970-01-01T00:00:00Z"
      "&query.startTimeMax=2030-01-01T00:00:00Z&query.searchDepth=1000");
  for (const JsonValue& summary : summaries["summaries"].items()) {
    if (summary["traceId"].text() == id) {
      EXPECT_EQ(static_cast<std::size_t>(*summary["spanCount"].integer()),
                trace["data"].items()[0]["spans"].items().size());
    }
  }
}

}  // namespace
}  // namespace waybill::api::jaeger
