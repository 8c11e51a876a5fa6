// SPDX-License-Identifier: Apache-2.0
#include "net/http1/parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "net/http.h"
#include "net/http1/request_target.h"
#include "net/http_server.h"
#include "net/server/body_buffer.h"
#include "net/server/inflight_bytes.h"
#include "net/server/refusal.h"

namespace waybill::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using View = boost::beast::string_view;

// What HTTP/2 adds to each header (RFC 9113, section 6.5.2).
constexpr std::size_t kHeaderOverheadBytes = 32;
// A chunk's size line or the trailers, while they are incomplete.
constexpr std::size_t kChunkLineBytesMax = std::size_t{16} << 10;

std::string_view as_std(View text) { return {text.data(), text.size()}; }

}  // namespace

class Http1Parser::Impl final : public http::basic_parser<true> {
 public:
  Impl(const HttpServerOptions& options, InflightCharge charge)
      : options_(options), charge_(std::move(charge)) {
    eager(true);
    body_limit(options.body_bytes_max);
    // The parser applies this to what it has not used yet, a request line or one header; the sums
    // are kept here.
    header_limit(static_cast<std::uint32_t>(options.header_bytes_max + options.target_bytes_max));
  }

  std::size_t feed(std::string_view bytes) {
    error_code error;
    const std::size_t used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (refusal_.has_value()) {
      return used;
    }
    if (error == http::error::need_more) {
      if (is_header_done() && bytes.size() - used > kChunkLineBytesMax) {
        refusal_ = Refusal::Malformed;
      }
    } else if (error) {
      refusal_ = refusal_for(error);
    }
    return used;
  }

  Phase phase() const {
    if (refusal_.has_value()) {
      return Phase::Failed;
    }
    if (is_done()) {
      return Phase::Done;
    }
    return is_header_done() ? Phase::Body : Phase::Header;
  }

  bool is_version_1_1() const { return is_version_1_1_; }

  const HttpServerOptions& options_;
  InflightCharge charge_;
  Request request_;
  std::optional<Refusal> refusal_;
  bool expects_continue_ = false;

 private:
  Refusal refusal_for(const error_code& error) const {
    if (error == http::error::body_limit) {
      return Refusal::BodyBytes;
    }
    if (error == http::error::header_limit) {
      return request_.method.empty() ? Refusal::TargetBytes : Refusal::HeaderBytes;
    }
    return Refusal::Malformed;
  }

  void refuse(Refusal refusal, error_code& error) {
    refusal_ = refusal;
    error = http::error::bad_value;  // any error: it stops the parser
  }

  void on_request_impl(http::verb, View method, View target, int version,
                       error_code& error) override {
    is_version_1_1_ = version == 11;
    request_.method.assign(method.data(), method.size());
    if (target.size() > options_.target_bytes_max) {
      refuse(Refusal::TargetBytes, error);
      return;
    }
    set_target(request_, as_std(target));
  }

  void on_field_impl(http::field field, View name, View value, error_code& error) override {
    header_bytes_ += name.size() + value.size() + kHeaderOverheadBytes;
    ++header_count_;
    if (header_bytes_ > options_.header_bytes_max) {
      refuse(Refusal::HeaderBytes, error);
      return;
    }
    if (header_count_ > options_.header_count_max) {
      refuse(Refusal::HeaderCount, error);
      return;
    }
    if (is_header_done()) {
      return;  // A trailer: counted, and of no use to anyone.
    }
    if (field == http::field::host && ++host_count_ > 1) {
      refuse(Refusal::Malformed, error);
      return;
    }
    if (field == http::field::transfer_encoding &&
        (!is_version_1_1_ || !equals_ignoring_case(as_std(value), "chunked"))) {
      refuse(Refusal::Malformed, error);
      return;
    }
    if (field == http::field::expect && is_version_1_1_) {
      if (!equals_ignoring_case(as_std(value), "100-continue")) {
        refuse(Refusal::Expectation, error);
        return;
      }
      expects_continue_ = true;
    }
    request_.headers.push_back({to_lower(as_std(name)), std::string(as_std(value))});
  }

  // RFC 9112, section 3.2: a request of 1.1 names its host exactly once. Without it, or with two,
  // a proxy before us and the check of hosts behind us may not mean the same site.
  void on_header_impl(error_code& error) override {
    if (is_version_1_1_ && host_count_ == 0) {
      refuse(Refusal::Malformed, error);
    }
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& error) override {
    announced_bytes_ = static_cast<std::size_t>(length.value_or(0));
    if (!charge_.has_room_for(announced_bytes_)) {
      refuse(Refusal::InflightBytes, error);
    }
  }

  std::size_t on_body_impl(View part, error_code& error) override {
    if (!charge_.try_add(part.size())) {
      refuse(Refusal::InflightBytes, error);
      return 0;
    }
    append_body(request_.body, as_std(part), announced_bytes_);
    return part.size();
  }

  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, View part, error_code& error) override {
    return on_body_impl(part, error);
  }

  void on_response_impl(int, View, int, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  std::size_t header_bytes_ = 0;
  int header_count_ = 0;
  int host_count_ = 0;
  std::size_t announced_bytes_ = 0;
  bool is_version_1_1_ = false;
};

Http1Parser::Http1Parser(const HttpServerOptions& options, InflightCharge charge)
    : impl_(std::make_unique<Impl>(options, std::move(charge))) {}
Http1Parser::~Http1Parser() = default;

std::size_t Http1Parser::put(std::string_view bytes) { return impl_->feed(bytes); }
Http1Parser::Phase Http1Parser::phase() const { return impl_->phase(); }
Refusal Http1Parser::refusal() const { return impl_->refusal_.value_or(Refusal::Malformed); }
bool Http1Parser::expects_continue() const { return impl_->expects_continue_; }
bool Http1Parser::is_keep_alive() const { return impl_->keep_alive(); }
bool Http1Parser::is_version_1_0() const { return !impl_->is_version_1_1(); }
bool Http1Parser::is_head() const { return impl_->request_.method == "HEAD"; }
std::size_t Http1Parser::body_size_bytes() const { return impl_->request_.body.size(); }
Request Http1Parser::take_request() { return std::move(impl_->request_); }
InflightCharge Http1Parser::take_charge() { return std::move(impl_->charge_); }

}  // namespace waybill::net
