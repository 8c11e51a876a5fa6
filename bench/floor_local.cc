// SPDX-License-Identifier: Apache-2.0
//
// What the machine itself needs, in this process and on one core: copying the corpus, appending it
// to a file, decoding it, and parsing it with a library. Prints one JSON object, nanoseconds of CPU
// a span.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#ifdef WAYBILL_BENCH_PROTOBUF
#include <google/protobuf/arena.h>

#include "otlp_bench.pb.h"
#endif

#include "bench/measure.h"
#include "compress/decompress.h"
#include "wire/otlp/otlp.h"

namespace waybill::bench {
namespace {

using Requests = std::vector<generate::EncodedRequest>;

std::uint64_t count_spans(const Requests& requests) {
  std::uint64_t spans = 0;
  for (const auto& request : requests) {
    spans += request.span_count;
  }
  return spans;
}

// The best of several rounds: what disturbs can only add.
double nanos_per_span(const Requests& requests, const std::function<void()>& round) {
  double best = 1e300;
  for (int i = 0; i < 3; ++i) {
    const double begin = cpu_seconds();
    round();
    best = std::min(best, cpu_seconds() - begin);
  }
  return best * 1e9 / static_cast<double>(count_spans(requests));
}

void copy_all(const Requests& requests) {
  static std::vector<char> target(std::size_t{64} << 20);
  std::size_t at = 0;
  for (const auto& request : requests) {
    CHECK(request.bytes.size() <= target.size());
    at = at + request.bytes.size() > target.size() ? 0 : at;
    std::memcpy(target.data() + at, request.bytes.data(), request.bytes.size());
    at += request.bytes.size();
  }
}

void append_all(const Requests& requests, int file) {
  off_t at = 0;
  for (const auto& request : requests) {
    const ssize_t written = ::pwrite(file, request.bytes.data(), request.bytes.size(), at);
    CHECK(written == static_cast<ssize_t>(request.bytes.size()));
    at += written;
  }
}

// Preallocated and written once before: the state of a log that uses its files again.
double measure_append(const Requests& requests, const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(file >= 0);
  off_t total = 0;
  for (const auto& request : requests) {
    total += static_cast<off_t>(request.bytes.size());
  }
  CHECK(::posix_fallocate(file, 0, total) == 0);
  append_all(requests, file);
  const double nanos = nanos_per_span(requests, [&] { append_all(requests, file); });
  ::close(file);
  ::unlink(path.c_str());
  return nanos;
}

// Preallocated and never written: what the first pass through a file costs, pages and all.
double measure_append_fresh(const Requests& requests, const std::string& path) {
  off_t total = 0;
  for (const auto& request : requests) {
    total += static_cast<off_t>(request.bytes.size());
  }
  return nanos_per_span(requests, [&] {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0 && ::posix_fallocate(file, 0, total) == 0);
    append_all(requests, file);
    ::close(file);
    ::unlink(path.c_str());
  });
}

double measure_decode(const Requests& requests) {
  std::vector<std::shared_ptr<const std::string>> bodies;
  for (const auto& request : requests) {
    bodies.push_back(std::make_shared<const std::string>(request.bytes));
  }
  return nanos_per_span(requests, [&] {
    std::uint64_t spans = 0;
    for (const auto& body : bodies) {
      const auto decoded = wire::otlp::decode_protobuf(body);
      CHECK(decoded.has_value());
      spans += decoded->batch.spans().size();
    }
    CHECK(spans == count_spans(requests));
  });
}

double measure_gunzip(const Requests& requests) {
  std::vector<std::string> squeezed;
  for (const auto& request : requests) {
    squeezed.push_back(compress::compress(compress::Encoding::Gzip, request.bytes, 6));
  }
  return nanos_per_span(requests, [&] {
    for (std::size_t i = 0; i < squeezed.size(); ++i) {
      const auto text = compress::decompress(compress::Encoding::Gzip, squeezed[i]);
      CHECK(text.has_value() && text->size() == requests[i].bytes.size());
    }
  });
}

#ifdef WAYBILL_BENCH_PROTOBUF
double measure_arena(const Requests& requests) {
  return nanos_per_span(requests, [&] {
    std::uint64_t spans = 0;
    for (const auto& request : requests) {
      google::protobuf::Arena arena;
      auto* message = google::protobuf::Arena::CreateMessage<TraceRequest>(&arena);
      CHECK(message->ParseFromString(request.bytes));
      for (const auto& resource : message->resource_spans()) {
        for (const auto& scope : resource.scope_spans()) {
          spans += static_cast<std::uint64_t>(scope.spans_size());
        }
      }
    }
    CHECK(spans == count_spans(requests));
  });
}
#endif

double measure_generate() {
  const double begin = cpu_seconds();
  const Requests requests = make_requests(400'000, 512);
  return (cpu_seconds() - begin) * 1e9 / static_cast<double>(count_spans(requests));
}

int run(const std::string& scratch_file) {
  const Requests requests = make_requests(200'000, 512);
  std::uint64_t bytes = 0;
  for (const auto& request : requests) {
    bytes += request.bytes.size();
  }
  const auto spans = static_cast<double>(count_spans(requests));
  std::printf("{\"spans\": %.0f, \"bytes_per_span\": %.1f", spans,
              static_cast<double>(bytes) / spans);
  std::printf(", \"memcpy\": %.1f", nanos_per_span(requests, [&] { copy_all(requests); }));
  std::printf(", \"append\": %.1f", measure_append(requests, scratch_file));
  std::printf(", \"append_fresh\": %.1f", measure_append_fresh(requests, scratch_file));
  std::printf(", \"decode\": %.1f", measure_decode(requests));
  std::printf(", \"gunzip\": %.1f", measure_gunzip(requests));
#ifdef WAYBILL_BENCH_PROTOBUF
  std::printf(", \"protobuf_arena\": %.1f", measure_arena(requests));
#endif
  std::printf(", \"generate\": %.1f}\n", measure_generate());
  return 0;
}

}  // namespace
}  // namespace waybill::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_local SCRATCH_FILE\n");
    return 2;
  }
  return waybill::bench::run(argv[1]);
}
