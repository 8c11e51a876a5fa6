// SPDX-License-Identifier: Apache-2.0
#include "generate/shop.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "generate/shop_tables.h"
#include "model/span.h"

namespace waybill::generate {
namespace {

using tables::EndpointRow;
using tables::kEndpoints;
using tables::StepRow;

std::uint16_t endpoint_index(std::string_view name) {
  const auto found = std::find_if(kEndpoints.begin(), kEndpoints.end(),
                                  [&](const EndpointRow& row) { return row.name == name; });
  CHECK(found != kEndpoints.end());
  return static_cast<std::uint16_t>(found - kEndpoints.begin());
}

Operation make_server(const EndpointRow& row) {
  Operation made;
  made.name = row.name;
  made.target = row.name;
  made.text = row.path;
  switch (row.protocol) {
    case Protocol::Http:
      made.shape = SpanShape::HttpServer;
      made.kind = model::SpanKind::Server;
      break;
    case Protocol::Grpc:
      made.shape = SpanShape::GrpcServer;
      made.kind = model::SpanKind::Server;
      break;
    case Protocol::Topic:
      made.shape = SpanShape::Consumer;
      made.kind = model::SpanKind::Consumer;
      made.name = "process " + std::string(row.name);
      break;
    case Protocol::Timer:
      made.shape = SpanShape::Timer;
      made.scope = 3;
      break;
  }
  return made;
}

Operation make_client(const EndpointRow& callee) {
  Operation made;
  made.name = callee.name;
  made.target = callee.name;
  made.text = callee.path;
  made.kind = model::SpanKind::Client;
  made.scope = 1;
  made.shape = callee.protocol == Protocol::Http ? SpanShape::HttpClient : SpanShape::GrpcClient;
  return made;
}

Operation make_leaf(const StepRow& row) {
  Operation made;
  made.name = row.target;
  made.target = row.target;
  made.text = row.text;
  switch (row.kind) {
    case StepKind::Sql:
      made.shape = SpanShape::Sql;
      made.kind = model::SpanKind::Client;
      made.scope = 2;
      break;
    case StepKind::Cache:
      made.shape = SpanShape::Cache;
      made.kind = model::SpanKind::Client;
      made.scope = 2;
      break;
    case StepKind::Publish:
      made.shape = SpanShape::Producer;
      made.kind = model::SpanKind::Producer;
      made.name = "send " + std::string(row.target);
      made.scope = 1;
      break;
    default:
      made.shape = SpanShape::Work;
      made.scope = 3;
      break;
  }
  return made;
}

bool emits_one_span(const Step& step) {
  return step.kind == StepKind::Sql || step.kind == StepKind::Cache || step.kind == StepKind::Work;
}

}  // namespace

Shop::Shop() : services_(tables::kServices.begin(), tables::kServices.end()) {
  checkout_endpoint_ = endpoint_index("POST /api/checkout");
  for (const EndpointRow& row : kEndpoints) {
    const auto service = static_cast<std::uint16_t>(find_service(row.service));
    CHECK(service < services_.size());
    Endpoint endpoint;
    Operation server = make_server(row);
    server.service = service;
    server.peer = service;
    endpoint.operation = add_operation(std::move(server));
    endpoint.root_weight = row.root_weight;
    endpoint.calls_in_parallel = row.calls_in_parallel;
    endpoint.is_batch_job = row.protocol == Protocol::Timer;
    root_weight_total_ += row.root_weight;
    for (const StepRow& step_row : row.steps) {
      if (step_row.kind == StepKind::None) {
        continue;
      }
      Step step{step_row.kind, 0, 0};
      Operation operation;
      if (step.kind == StepKind::Call) {
        step.endpoint = endpoint_index(step_row.target);
        operation = make_client(kEndpoints[step.endpoint]);
        operation.peer =
            static_cast<std::uint16_t>(find_service(kEndpoints[step.endpoint].service));
      } else {
        operation = make_leaf(step_row);
        if (step.kind == StepKind::Publish) {
          step.endpoint = endpoint_index(step_row.target);
        }
      }
      operation.service = service;
      step.operation = add_operation(std::move(operation));
      endpoint.steps.push_back(step);
    }
    const auto single = std::find_if(endpoint.steps.begin(), endpoint.steps.end(), emits_one_span);
    CHECK(single != endpoint.steps.end());
    endpoint.single_step = static_cast<std::uint16_t>(single - endpoint.steps.begin());
    if (endpoint.is_batch_job && batch_endpoint_ == 0) {
      batch_endpoint_ = static_cast<std::uint16_t>(endpoints_.size());
    }
    endpoints_.push_back(std::move(endpoint));
  }
}

std::size_t Shop::find_service(std::string_view name) const {
  const auto found = std::find_if(services_.begin(), services_.end(),
                                  [&](const Service& service) { return service.name == name; });
  return static_cast<std::size_t>(found - services_.begin());
}

std::uint16_t Shop::add_operation(Operation operation) {
  const auto found =
      std::find_if(operations_.begin(), operations_.end(), [&](const Operation& other) {
        return other.service == operation.service && other.kind == operation.kind &&
               other.name == operation.name;
      });
  if (found != operations_.end()) {
    return static_cast<std::uint16_t>(found - operations_.begin());
  }
  operations_.push_back(std::move(operation));
  return static_cast<std::uint16_t>(operations_.size() - 1);
}

}  // namespace waybill::generate
