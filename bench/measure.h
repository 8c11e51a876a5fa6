// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/check.h"
#include "generate/generator.h"

namespace waybill::bench {

// User and system time of this process, all threads.
inline double cpu_seconds() {
  rusage usage{};
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The corpus: full requests only, as many as hold `span_count` spans.
inline std::vector<generate::EncodedRequest> make_requests(std::uint64_t span_count,
                                                           std::uint32_t request_span_count) {
  generate::GeneratorOptions options;
  options.span_count = span_count;
  options.request_span_count = request_span_count;
  options.export_delay_nanos = 0;
  auto generator = generate::Generator::make(options);
  CHECK(generator.has_value());
  std::vector<generate::EncodedRequest> requests;
  while (auto request = (*generator)->next_request()) {
    if (request->span_count == request_span_count) {
      requests.push_back(std::move(*request));
    }
  }
  return requests;
}

}  // namespace waybill::bench
