// SPDX-License-Identifier: Apache-2.0
#include "net/client/grpc_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>
#include <sys/types.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "net/client/grpc_reply.h"
#include "net/http.h"

namespace waybill::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kReadBytes = 64 << 10;
// Written in one go; more waits for the socket.
constexpr std::size_t kWriteBytes = 256 << 10;

struct SessionDeleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using Session = std::unique_ptr<nghttp2_session, SessionDeleter>;

nghttp2_nv make_header(std::string_view name, std::string_view value) {
  // nghttp2 copies both, so it does not write to them.
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(  // NOLINT(cppcoreguidelines-pro-type-const-cast)
        reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string_view as_view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// The message with its five bytes of prefix.
std::string frame(const GrpcCall& call) {
  std::string framed;
  framed.reserve(call.message.size() + 5);
  framed.push_back(call.encoding == "identity" ? 0 : 1);
  for (int shift = 24; shift >= 0; shift -= 8) {
    framed.push_back(static_cast<char>((call.message.size() >> shift) & 0xff));
  }
  framed += call.message;
  return framed;
}

}  // namespace

class GrpcClient::Impl final {
 public:
  Impl(GrpcClientOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock), socket_(context_) {}

  ~Impl() {
    fail_all(ErrorCode::Cancelled, "client is closed");
    deliver();
    disconnect();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> start(GrpcCall call, Done done) {
    if (in_flight() >= options_.in_flight_max) {
      return resource_exhausted(
          fmt::format("{} grpc calls are under way already", options_.in_flight_max));
    }
    if (call.message.size() > UINT32_MAX) {
      return resource_exhausted("grpc message passes four gibibytes");
    }
    auto stream = std::make_unique<Stream>(options_.response_bytes_max);
    stream->deadline = clock_.steady() + options_.call_timeout;
    stream->body = frame(call);
    call.message.clear();
    stream->call = std::move(call);
    stream->done = std::move(done);
    waiting_.push_back(std::move(stream));
    return {};
  }

  std::size_t in_flight() const { return waiting_.size() + open_.size() + ended_.size(); }

  void run(milliseconds patience) {
    if (in_flight() == 0) {
      return;
    }
    if (!session_ && !waiting_.empty()) {
      connect();
    }
    submit_waiting();
    keep_transferring();
    if (ended_.empty()) {
      context_.restart();
      context_.run_one_for(std::max(milliseconds(0), std::min(patience, until_deadline())));
      context_.poll();
      keep_transferring();
    }
    end_overdue();
    leave_finished_session();
    deliver();
  }

 private:
  struct Stream {
    explicit Stream(std::size_t response_bytes_max) : reply(response_bytes_max) {}

    GrpcCall call;
    std::string body;
    std::size_t body_sent = 0;
    std::size_t header_bytes = 0;
    Done done;
    nanoseconds deadline{};
    GrpcReplyReader reply;
  };
  struct Ended {
    Done done;
    GrpcReply reply;
  };

  // Connecting, made to wait: nothing else can go on without it.
  void connect() {
    tcp::resolver resolver(context_);
    error_code error;
    const auto addresses = resolver.resolve(options_.host, std::to_string(options_.port), error);
    if (!error) {
      error = asio::error::timed_out;
      asio::async_connect(socket_, addresses,
                          [&](const error_code& ended, const tcp::endpoint&) { error = ended; });
      context_.restart();
      context_.run_for(options_.connect_timeout);
      if (error == asio::error::timed_out) {
        // The handler borrows from here, so it has to be called before leaving.
        close_socket();
        error = asio::error::timed_out;
      }
    }
    if (error) {
      close_socket();
      fail_all(ErrorCode::Unavailable,
               fmt::format("connecting {}:{}: {}", options_.host, options_.port, error.message()));
      return;
    }
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    open_session();
  }

  void open_session() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &Impl::on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Impl::on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Impl::on_close);
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    session_.reset(session);
    const std::array<nghttp2_settings_entry, 1> settings = {{{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}}};
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  }

  void submit_waiting() {
    while (session_ && !waiting_.empty() &&
           nghttp2_session_check_request_allowed(session_.get()) != 0) {
      std::unique_ptr<Stream> stream = std::move(waiting_.front());
      waiting_.pop_front();
      const std::int32_t id = submit(*stream);
      if (id < 0) {
        ended_.push_back({std::move(stream->done),
                          failed_reply(ErrorCode::Internal, fmt::format("starting a stream: {}",
                                                                        nghttp2_strerror(id)))});
      } else {
        open_.emplace(id, std::move(stream));
      }
    }
  }

  std::int32_t submit(Stream& stream) {
    const std::string authority = fmt::format("{}:{}", options_.host, options_.port);
    const auto left = std::chrono::duration_cast<milliseconds>(stream.deadline - clock_.steady());
    // The protocol allows eight digits.
    const auto digits = std::clamp<std::int64_t>(left.count(), 1, 99'999'999);
    const std::string timeout = fmt::format("{}m", digits);
    std::vector<nghttp2_nv> headers = {
        make_header(":method", "POST"),
        make_header(":scheme", "http"),
        make_header(":path", stream.call.path),
        make_header(":authority", authority),
        make_header("content-type", "application/grpc+proto"),
        make_header("te", "trailers"),
        make_header("grpc-timeout", timeout),
        make_header("grpc-accept-encoding", "identity"),
        make_header("user-agent", "waybill/" WAYBILL_VERSION),
    };
    if (stream.call.encoding != "identity") {
      headers.push_back(make_header("grpc-encoding", stream.call.encoding));
    }
    for (const Header& header : stream.call.headers) {
      headers.push_back(make_header(header.name, header.value));
    }
    nghttp2_data_provider provider{};
    provider.source.ptr = &stream;
    provider.read_callback = &Impl::on_read_body;
    return nghttp2_submit_request(session_.get(), nullptr, headers.data(), headers.size(),
                                  &provider, &stream);
  }

  void keep_transferring() {
    if (session_ && !is_reading_) {
      is_reading_ = true;
      socket_.async_read_some(asio::buffer(input_),
                              [this](const error_code& error, std::size_t size) {
                                is_reading_ = false;
                                on_input(error, size);
                              });
    }
    if (session_ && !is_writing_) {
      fill_output();
      if (!output_.empty()) {
        is_writing_ = true;
        asio::async_write(socket_, asio::buffer(output_),
                          [this](const error_code& error, std::size_t) {
                            is_writing_ = false;
                            output_.clear();
                            if (error) {
                              lose_connection(error.message());
                            }
                          });
      }
    }
  }

  void fill_output() {
    while (output_.size() < kWriteBytes) {
      const std::uint8_t* bytes = nullptr;
      const auto size = nghttp2_session_mem_send(session_.get(), &bytes);
      if (size <= 0) {
        return;
      }
      output_ += as_view(bytes, static_cast<std::size_t>(size));
    }
  }

  void on_input(const error_code& error, std::size_t size) {
    if (!session_) {
      return;
    }
    if (error) {
      lose_connection(error.message());
      return;
    }
    const auto read = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(input_.data()), size);
    if (read < 0) {
      lose_connection(nghttp2_strerror(static_cast<int>(read)));
    }
  }

  // Whether the request arrived is not known: the caller may send it again.
  void lose_connection(std::string_view why) {
    if (!session_ || is_closing_) {
      return;
    }
    for (auto& [id, stream] : open_) {
      ended_.push_back(
          {std::move(stream->done),
           failed_reply(ErrorCode::Unavailable, fmt::format("connection to {}:{} lost: {}",
                                                            options_.host, options_.port, why))});
    }
    open_.clear();
    must_disconnect_ = true;
  }

  // After a GOAWAY no further call may start; once the last one has ended a new connection is made.
  void leave_finished_session() {
    const bool is_leaving =
        session_ && open_.empty() && nghttp2_session_check_request_allowed(session_.get()) == 0;
    // So nghttp2 says that the peer broke the protocol, once it has told the peer.
    const bool is_over = session_ && !is_writing_ &&
                         nghttp2_session_want_read(session_.get()) == 0 &&
                         nghttp2_session_want_write(session_.get()) == 0;
    if (is_over) {
      lose_connection("the peer broke the protocol or left");
    }
    if (is_leaving || is_over || must_disconnect_) {
      disconnect();
    }
  }

  void disconnect() {
    is_closing_ = true;
    close_socket();
    session_.reset();
    abandoned_.clear();
    output_.clear();
    is_closing_ = false;
    must_disconnect_ = false;
  }

  // Runs the handlers that were waiting for the socket, as they borrow from this object.
  void close_socket() {
    error_code ignored;
    socket_.close(ignored);
    context_.restart();
    context_.run();
  }

  milliseconds until_deadline() const {
    nanoseconds first = nanoseconds::max();
    for (const auto& [id, stream] : open_) {
      first = std::min(first, stream->deadline);
    }
    for (const auto& stream : waiting_) {
      first = std::min(first, stream->deadline);
    }
    if (first == nanoseconds::max()) {
      return milliseconds(0);
    }
    return std::chrono::ceil<milliseconds>(first - clock_.steady());
  }

  void end_overdue() {
    const nanoseconds now = clock_.steady();
    for (auto it = open_.begin(); it != open_.end();) {
      if (it->second->deadline > now) {
        ++it;
        continue;
      }
      const std::int32_t id = it->first;
      end_late(*it->second);
      // The session still points at the stream; it must forget it first.
      nghttp2_session_set_stream_user_data(session_.get(), id, nullptr);
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
      abandoned_.push_back({id, std::move(it->second)});
      it = open_.erase(it);
    }
    while (!waiting_.empty() && waiting_.front()->deadline <= now) {
      end_late(*waiting_.front());
      waiting_.pop_front();
    }
  }

  void end_late(Stream& stream) {
    ended_.push_back(
        {std::move(stream.done),
         failed_reply(ErrorCode::DeadlineExceeded,
                      fmt::format("no answer within {} ms", options_.call_timeout.count()))});
  }

  void fail_all(ErrorCode code, const std::string& message) {
    for (auto& stream : waiting_) {
      ended_.push_back({std::move(stream->done), failed_reply(code, message)});
    }
    for (auto& [id, stream] : open_) {
      ended_.push_back({std::move(stream->done), failed_reply(code, message)});
    }
    waiting_.clear();
    open_.clear();
  }

  void deliver() {
    std::vector<Ended> ended = std::move(ended_);
    ended_.clear();
    for (Ended& one : ended) {
      one.done(std::move(one.reply));
    }
  }

  Stream* find(std::int32_t id) {
    const auto found = open_.find(id);
    return found == open_.end() ? nullptr : found->second.get();
  }

  // Callbacks of nghttp2, which passes the pointer that the session was made with.

  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* self) {
    auto& impl = *static_cast<Impl*>(self);
    Stream* const stream = impl.find(frame->hd.stream_id);
    if (stream == nullptr) {
      return 0;
    }
    stream->header_bytes += name_size + value_size;
    if (stream->header_bytes > impl.options_.header_bytes_max) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    stream->reply.take_header(as_view(name, name_size), as_view(value, value_size));
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* self) {
    Stream* const stream = static_cast<Impl*>(self)->find(id);
    if (stream != nullptr && !stream->reply.take_data(as_view(data, size))) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    return 0;
  }

  static int on_close(nghttp2_session* /*session*/, std::int32_t id, std::uint32_t error,
                      void* self) {
    auto& impl = *static_cast<Impl*>(self);
    std::erase_if(impl.abandoned_, [&](const Abandoned& one) { return one.id == id; });
    const auto found = impl.open_.find(id);
    if (found != impl.open_.end()) {
      Stream& stream = *found->second;
      impl.ended_.push_back({std::move(stream.done), std::move(stream.reply).finish(error)});
      impl.open_.erase(found);
    }
    return 0;
  }

  static ssize_t on_read_body(nghttp2_session* /*session*/, std::int32_t /*id*/, std::uint8_t* out,
                              std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                              void* /*self*/) {
    auto& stream = *static_cast<Stream*>(source->ptr);
    const std::size_t size = std::min(room, stream.body.size() - stream.body_sent);
    std::copy_n(stream.body.data() + stream.body_sent, size, reinterpret_cast<char*>(out));
    stream.body_sent += size;
    if (stream.body_sent == stream.body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(size);
  }

  // A stream given up whose body the session may still read, until it has closed it.
  struct Abandoned {
    std::int32_t id;
    std::unique_ptr<Stream> stream;
  };

  const GrpcClientOptions options_;
  const Clock& clock_;
  asio::io_context context_;
  tcp::socket socket_;
  std::deque<std::unique_ptr<Stream>> waiting_;
  std::vector<Abandoned> abandoned_;
  std::unordered_map<std::int32_t, std::unique_ptr<Stream>> open_;
  std::vector<Ended> ended_;
  Session session_;
  std::array<char, kReadBytes> input_{};
  std::string output_;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_closing_ = false;
  bool must_disconnect_ = false;
};

GrpcClient::GrpcClient(GrpcClientOptions options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
GrpcClient::~GrpcClient() = default;

Result<void> GrpcClient::start(GrpcCall call, Done done) {
  return impl_->start(std::move(call), std::move(done));
}

std::size_t GrpcClient::in_flight() const { return impl_->in_flight(); }

void GrpcClient::run(std::chrono::milliseconds patience) { impl_->run(patience); }

GrpcReply GrpcClient::call(GrpcCall call) {
  GrpcReply reply;
  bool is_done = false;
  const auto started = start(std::move(call), [&](GrpcReply ended) {
    reply = std::move(ended);
    is_done = true;
  });
  if (!started) {
    return failed_reply(started.error().code, started.error().message);
  }
  while (!is_done) {
    run(std::chrono::milliseconds(1000));
  }
  return reply;
}

}  // namespace waybill::net
