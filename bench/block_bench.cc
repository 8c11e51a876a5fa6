// SPDX-License-Identifier: Apache-2.0
//
// What a block costs: CPU time to write a span, bytes a span and where they go, beside the same
// spans as OTLP through zstd; a search by columns; a trace by its id.
//
//   block_bench FOLDER [SPANS] [GROUP SPANS]
//   block_bench FOLDER FILE...     OTLP/JSON lines, gzip, instead of the generator's spans
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/text.h"
#include "bench/measure.h"
#include "compress/decompress.h"
#include "os/file_system.h"
#include "os/system_clock.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/block_scan.h"
#include "storage/block/read/group_reader.h"
#include "storage/block/read/group_tree.h"
#include "storage/block/write/block_writer.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "wire/otlp/otlp.h"

namespace waybill::bench {
namespace {

using storage::BlockInfo;
using storage::BlockReader;
using storage::BlockWriter;
using storage::BlockWriterOptions;
using storage::TraceSpans;

struct Corpus {
  std::vector<model::SpanBatch> batches;
  std::vector<TraceSpans> traces;  // in the order of a block
  std::uint64_t span_count = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t zstd_bytes = 0;
  double zstd_seconds = 0;
};

void add_request(Corpus& corpus, std::string bytes, bool is_json) {
  auto body = std::make_shared<const std::string>(std::move(bytes));
  auto decoded = is_json ? wire::otlp::decode_json(body) : wire::otlp::decode_protobuf(body);
  CHECK(decoded.has_value());
  std::string encoded;
  if (is_json) {
    std::vector<const model::Span*> spans;
    for (const model::Span& span : decoded->batch.spans()) {
      spans.push_back(&span);
    }
    wire::otlp::encode_protobuf(spans, encoded);
  }
  const std::string& raw = is_json ? encoded : *body;
  corpus.raw_bytes += raw.size();
  const double begin = cpu_seconds();
  corpus.zstd_bytes += compress::compress(compress::Encoding::Zstd, raw, 3).size();
  corpus.zstd_seconds += cpu_seconds() - begin;
  corpus.span_count += decoded->batch.spans().size();
  corpus.batches.push_back(std::move(decoded->batch));
}

void group_traces(Corpus& corpus) {
  std::map<model::TraceId, std::vector<const model::Span*>> by_id;
  for (const model::SpanBatch& batch : corpus.batches) {
    for (const model::Span& span : batch.spans()) {
      by_id[span.trace_id].push_back(&span);
    }
  }
  for (auto& [id, spans] : by_id) {
    corpus.traces.push_back({id, std::move(spans)});
  }
  const auto start_of = [](const TraceSpans& trace) {
    UnixNanos start = UINT64_MAX;
    for (const model::Span* span : trace.spans) {
      start = std::min(start, span->start);
    }
    return start;
  };
  std::sort(corpus.traces.begin(), corpus.traces.end(),
            [&](const TraceSpans& a, const TraceSpans& b) {
              const UnixNanos left = start_of(a);
              const UnixNanos right = start_of(b);
              return left != right ? left < right : a.id > b.id;
            });
}

Corpus make_corpus(std::uint64_t span_count) {
  Corpus corpus;
  for (auto& request : make_requests(span_count, 512)) {
    add_request(corpus, std::move(request.bytes), false);
  }
  group_traces(corpus);
  return corpus;
}

Corpus read_corpus(const std::vector<std::string>& paths) {
  Corpus corpus;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream packed;
    packed << file.rdbuf();
    const auto text =
        compress::decompress(compress::Encoding::Gzip, packed.str(), {std::size_t{1} << 30});
    CHECK(text.has_value());
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      add_request(corpus, std::move(line), true);
    }
  }
  group_traces(corpus);
  return corpus;
}

struct Timer {
  double begin = cpu_seconds();
  double nanos(double count) const { return (cpu_seconds() - begin) * 1e9 / count; }
};

void print_fields(const BlockWriter& writer, const BlockInfo& info) {
  auto fields = writer.field_bytes();
  std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) {
    const auto sum = [](const storage::FieldBytes& bytes) {
      return bytes.body + bytes.pool + bytes.filter;
    };
    return sum(a.second) > sum(b.second);
  });
  const auto spans = static_cast<double>(info.span_count);
  fmt::print("  {:<44} {:>7} {:>7} {:>7} {:>9}\n", "bytes a span", "codes", "texts", "filter",
             "head, raw");
  for (const auto& [name, bytes] : fields) {
    fmt::print("  {:<44} {:>7.3f} {:>7.3f} {:>7.3f} {:>9.3f}\n", name,
               static_cast<double>(bytes.body) / spans, static_cast<double>(bytes.pool) / spans,
               static_cast<double>(bytes.filter) / spans, static_cast<double>(bytes.head) / spans);
  }
}

void bench_write(const Corpus& corpus, os::FileSystem& files, const std::string& path,
                 const BlockWriterOptions& options) {
  double best = 1e300;
  for (int round = 0; round < 3; ++round) {
    static_cast<void>(files.remove_file(path));
    BlockWriter writer(options, files.create_file(path).value());
    const Timer timer;
    for (const TraceSpans& trace : corpus.traces) {
      writer.add_trace(trace.id, trace.spans).value();
    }
    const BlockInfo info = writer.finish({}).value();
    best = std::min(best, timer.nanos(static_cast<double>(info.span_count)));
    if (round == 2) {
      const auto spans = static_cast<double>(info.span_count);
      print_fields(writer, info);
      fmt::print(
          "group of {} rows, zstd {}: write {:.0f} ns a span; {:.2f} B a span, index {:.2f} %\n",
          options.group_span_count, options.zstd_level, best,
          static_cast<double>(info.file_bytes) / spans,
          100.0 * static_cast<double>(info.index_bytes) / static_cast<double>(info.file_bytes));
    }
  }
}

double wall_seconds() {
  static const auto clock = os::make_system_clock();
  return std::chrono::duration<double>(clock->steady()).count();
}

void bench_traces(const Corpus& corpus, os::FileSystem& files, const std::string& path) {
  const auto reader = BlockReader::open(files, path).value();
  Random random(5);
  std::vector<double> micros;
  std::uint64_t spans = 0;
  const Timer known;
  for (int i = 0; i < 500; ++i) {
    const TraceSpans& trace = corpus.traces[random.below(corpus.traces.size())];
    const double begin = wall_seconds();
    const auto read = reader->read_trace(trace.id).value();
    micros.push_back((wall_seconds() - begin) * 1e6);
    CHECK(read.spans.size() == trace.spans.size());
    spans += read.spans.size();
  }
  std::sort(micros.begin(), micros.end());
  fmt::print("trace by id: {:.0f} us of CPU; p50 {:.0f} us, p99 {:.0f} us, {:.1f} spans each\n",
             known.nanos(500) / 1000, micros[micros.size() / 2], micros[micros.size() * 99 / 100],
             static_cast<double>(spans) / 500);
  const Timer absent;
  for (int i = 0; i < 100000; ++i) {
    CHECK(!reader->find_trace({random.next(), random.next()})->has_value());
  }
  fmt::print("trace that is not there: {:.0f} ns\n", absent.nanos(100000));
  const Timer all;
  for (std::size_t group = 0; group < reader->info().group_count; ++group) {
    const auto& ref = reader->file()->directory().groups[group];
    CHECK(reader->read_rows({ref.first_row, ref.span_count})->spans.size() == ref.span_count);
  }
  fmt::print("read back whole: {:.0f} ns a span; memory {:.2f} B a trace\n",
             all.nanos(static_cast<double>(reader->info().span_count)),
             static_cast<double>(reader->file()->directory().trace_filter.size()) /
                 static_cast<double>(reader->info().trace_count));
}

using storage::Column;
using storage::Compare;
using storage::Filter;
using storage::Operand;

Filter test(Column column, std::string key, Compare compare, Operand operand) {
  return Filter::test({column, std::move(key), compare, std::move(operand)});
}

struct Question {
  std::string name;
  Filter filter;
};

// Questions about a span of the corpus, so that each has an answer.
std::vector<Question> make_questions(const model::Span& span) {
  const Filter service = test(Column::Service, "", Compare::Equal, std::string(span.service()));
  const Filter name = test(Column::Name, "", Compare::Equal, std::string(span.name));
  const auto longer = [](std::int64_t millis) {
    return test(Column::Duration, "", Compare::Greater, millis * 1'000'000);
  };
  std::vector<Question> questions = {
      {"service, name, duration > 10 s", Filter::all_of({service, name, longer(10'000)})},
      {"service, name, duration > 200 ms", Filter::all_of({service, name, longer(200)})},
      {"duration > 10 s", longer(10'000)},
      {"duration > 200 ms", longer(200)},
      {"status = error", test(Column::Status, "", Compare::Equal, model::StatusCode::Error)},
      {".user.id, not there",
       test(Column::Attribute, "user.id", Compare::Equal, std::string("nobody"))},
      {".request.id, not there", test(Column::Attribute, "request.id", Compare::Equal,
                                      std::string("00000000-0000-4000-8000-000000000000"))},
      {".http.route =~ /.*cart.*/",
       test(Column::Attribute, "http.route", Compare::Matches, std::string(".*cart.*"))},
      {".thread.id = 7", test(Column::Attribute, "thread.id", Compare::Equal, std::int64_t{7})}};
  for (const model::Attribute& attribute : span.attributes) {
    if (attribute.value.type() == model::ValueType::String) {
      const std::string key(attribute.key);
      questions.push_back({"." + key, test(Column::Attribute, key, Compare::Equal,
                                           std::string(attribute.value.string()))});
    }
  }
  return questions;
}

std::uint64_t count_rows(const std::shared_ptr<const BlockReader>& reader, const Filter& filter,
                         storage::BlockScanStats& stats) {
  static const auto clock = os::make_system_clock();
  storage::ScanRequest request;
  request.filter = filter;
  auto scan = storage::BlockScan::make(reader, request, *clock).value();
  std::uint64_t rows = 0;
  for (auto found = scan.next().value(); !found.empty(); found = scan.next().value()) {
    for (const storage::BlockMatch& match : found) {
      rows += match.rows.size();
    }
  }
  stats = scan.stats();
  return rows;
}

void bench_scans(const Corpus& corpus, os::FileSystem& files, const std::string& path) {
  const auto reader = BlockReader::open(files, path).value();
  const model::Span* chosen = &corpus.batches.front().spans().front();
  for (const model::Span& span : corpus.batches.front().spans()) {
    if (model::find_attribute(span.attributes, "request.id") != nullptr) {
      chosen = &span;
    }
  }
  fmt::print("  {:<44} {:>10} {:>10} {:>10} {:>12}\n", "scan", "ns a span", "rows", "tested",
             "B read a span");
  for (const Question& question : make_questions(*chosen)) {
    const auto matcher = storage::SpanMatcher::make(question.filter).value();
    std::uint64_t wanted = 0;
    for (const model::SpanBatch& batch : corpus.batches) {
      wanted += static_cast<std::uint64_t>(
          std::count_if(batch.spans().begin(), batch.spans().end(),
                        [&](const model::Span& span) { return matcher.matches(span); }));
    }
    double best = 1e300;
    storage::BlockScanStats stats;
    const auto spans = static_cast<double>(corpus.span_count);
    for (int round = 0; round < 5; ++round) {
      const Timer timer;
      CHECK(count_rows(reader, question.filter, stats) == wanted);
      best = std::min(best, timer.nanos(spans));
    }
    fmt::print("  {:<44} {:>10.2f} {:>10} {:>10} {:>12.3f}\n", question.name, best, wanted,
               stats.rows_tested, static_cast<double>(stats.bytes_read) / spans);
  }
}

// Service, name, kind and status (the shape), start, duration: decoded for every row.
void bench_columns(os::FileSystem& files, const std::string& path) {
  const auto reader = BlockReader::open(files, path).value();
  double best = 1e300;
  std::uint64_t sum = 0;
  for (int round = 0; round < 5; ++round) {
    const Timer timer;
    for (std::size_t number = 0; number < reader->info().group_count; ++number) {
      auto group =
          storage::GroupReader::open(reader->file(), number, storage::GroupReader::Load::Parts)
              .value();
      const auto rows = group.read_rows(storage::RowTable::Spans).value();
      sum += rows.size();
      std::vector<std::uint64_t> values;
      for (const auto& ref : group.fields()) {
        const storage::Field& field = group.schema().fields[ref.field];
        if (field.table != storage::RowTable::Spans ||
            (field.role != storage::FieldRole::Duration &&
             field.role != storage::FieldRole::Start)) {
          continue;
        }
        const auto read = group.read_field(ref).value();
        for (const auto& column : read.columns) {
          values.resize(column.numbers.size());
          column.numbers.copy_to(values);
          sum += values.back();
        }
      }
    }
    best = std::min(best, timer.nanos(static_cast<double>(reader->info().span_count)));
  }
  fmt::print("four columns decoded: {:.2f} ns a span, {:.0f} M spans a second (sum {})\n", best,
             1e3 / best, sum % 10);
}

// Pairs of a span above another: what `{A} >> {B}` asks, without A and B.
void bench_trees(os::FileSystem& files, const std::string& path) {
  const auto reader = BlockReader::open(files, path).value();
  double best = 1e300;
  std::uint64_t pairs = 0;
  for (int round = 0; round < 5; ++round) {
    const Timer timer;
    pairs = 0;
    for (std::size_t number = 0; number < reader->info().group_count; ++number) {
      auto group =
          storage::GroupReader::open(reader->file(), number, storage::GroupReader::Load::Parts)
              .value();
      const auto tree = storage::read_tree(group).value();
      for (std::size_t row = 0; row < tree.ends.size(); ++row) {
        pairs += tree.ends[row] - row - 1;
      }
    }
    best = std::min(best, timer.nanos(static_cast<double>(reader->info().span_count)));
  }
  fmt::print("subtrees: {:.2f} ns a span, {} pairs\n", best, pairs);
}

int run(const std::string& folder, const Corpus& corpus, const BlockWriterOptions& options) {
  const auto files = os::make_posix_file_system();
  files->create_directories(folder).value();
  const std::string path = folder + "/bench.block";
  const auto spans = static_cast<double>(corpus.span_count);
  fmt::print(
      "{} spans, {} traces; OTLP {:.1f} B a span, zstd-3 of each request {:.1f} in {:.0f} ns\n",
      corpus.span_count, corpus.traces.size(), static_cast<double>(corpus.raw_bytes) / spans,
      static_cast<double>(corpus.zstd_bytes) / spans, corpus.zstd_seconds * 1e9 / spans);
  bench_write(corpus, *files, path, options);
  bench_traces(corpus, *files, path);
  bench_columns(*files, path);
  bench_trees(*files, path);
  bench_scans(corpus, *files, path);
  files->remove_file(path).value();
  return 0;
}

}  // namespace
}  // namespace waybill::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print("usage: block_bench FOLDER [SPANS] [GROUP SPANS] | FOLDER FILE...\n");
    return 2;
  }
  const auto count = waybill::parse_uint64(argc > 2 ? argv[2] : "500000");
  waybill::storage::BlockWriterOptions options;
  if (!count.has_value()) {
    return waybill::bench::run(argv[1], waybill::bench::read_corpus({argv + 2, argv + argc}),
                               options);
  }
  if (argc > 3) {
    options.group_span_count = waybill::parse_uint64(argv[3]).value_or(options.group_span_count);
  }
  return waybill::bench::run(argv[1], waybill::bench::make_corpus(*count), options);
}
