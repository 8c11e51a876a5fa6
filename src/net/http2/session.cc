// SPDX-License-Identifier: Apache-2.0
#include "net/http2/session.h"
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/http1/request_target.h"
#include "net/http1/response.h"
#include "net/http2/stream.h"
#include "net/server/answer_inbox.h"
#include "net/server/body_buffer.h"
#include "net/server/body_rate.h"
#include "net/server/connection.h"
#include "net/server/http_session.h"
#include "net/server/output_queue.h"
#include "net/server/refusal.h"

namespace waybill::net {
namespace {

// Windows so large that a usual request needs no WINDOW_UPDATE; what they let a peer send is
// bounded by the limits on bodies and on bytes in flight.
constexpr std::uint32_t kStreamWindowBytes = std::uint32_t{4} << 20;
constexpr std::int32_t kConnectionWindowBytes = std::int32_t{32} << 20;
// Larger frames than the smallest allowed save work where the peer makes use of it.
constexpr std::uint32_t kFrameBytesMax = std::uint32_t{256} << 10;
// Frames produced for one write.
constexpr std::size_t kWriteBytes = std::size_t{256} << 10;
// Header lists past so many times the limit are not answered any more, but end the connection.
constexpr std::size_t kHeaderPatience = 4;
// How long a peer that answers no ping gets to start requests it had on the way.
constexpr std::chrono::seconds kDrainNotice{1};
constexpr std::chrono::seconds kStreamSweepPeriod{1};
constexpr std::array<std::uint8_t, 8> kDrainPing = {'w', 'a', 'y', 'b', 'i', 'l', 'l', '!'};

std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

struct Http2Session::Callbacks {
  static Http2Session& self(void* user_data) { return *static_cast<Http2Session*>(user_data); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Session& session = self(user_data);
    session.open_header_ = {frame->hd.stream_id, session.loop_.now()};
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      session.begin_request(frame->hd.stream_id);
    }
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user_data) {
    Http2Session& session = self(user_data);
    Http2Stream* const stream = session.find_stream(frame->hd.stream_id);
    return stream == nullptr
               ? 0
               : session.add_header(*stream, view(name, name_size), view(value, value_size));
  }

  static int on_data_chunk_recv(nghttp2_session*, std::uint8_t, std::int32_t stream_id,
                                const std::uint8_t* data, std::size_t size, void* user_data) {
    Http2Session& session = self(user_data);
    if (Http2Stream* const stream = session.find_stream(stream_id)) {
      session.add_data(*stream, view(data, size));
    }
    return 0;
  }

  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    self(user_data).frame_received(*frame);
    return 0;
  }

  // A header block that breaks the rules, for which nghttp2 resets the stream.
  static int on_invalid_frame_recv(nghttp2_session*, const nghttp2_frame*, int, void* user_data) {
    self(user_data).open_header_.reset();
    return 0;
  }

  static int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    self(user_data).frame_sent(*frame);
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t stream_id, std::uint32_t,
                             void* user_data) {
    self(user_data).close_stream(stream_id);
    return 0;
  }

  // Gives nghttp2 the next part of a body, and the trailers behind the last one.
  static ssize_t read_body(nghttp2_session* session, std::int32_t stream_id, std::uint8_t* buffer,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source* source,
                           void* user_data) {
    auto& stream = *static_cast<Http2Stream*>(source->ptr);
    const std::string_view part = stream.unsent_body.substr(0, size);
    std::copy(part.begin(), part.end(), buffer);
    stream.unsent_body.remove_prefix(part.size());
    stream.since = self(user_data).loop_.now();
    if (stream.unsent_body.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!stream.response.trailers.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const std::vector<nghttp2_nv> trailers = borrow_headers(stream.response.trailers);
        if (nghttp2_submit_trailer(session, stream_id, trailers.data(), trailers.size()) != 0) {
          return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
      }
    }
    return static_cast<ssize_t>(part.size());
  }

  // Made once; every session copies them.
  static const nghttp2_session_callbacks* table() {
    static const auto kMade = [] {
      struct Deleter {
        void operator()(nghttp2_session_callbacks* callbacks) const {
          nghttp2_session_callbacks_del(callbacks);
        }
      };
      nghttp2_session_callbacks* callbacks = nullptr;
      CHECK(nghttp2_session_callbacks_new(&callbacks) == 0);
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk_recv);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks,
                                                                   on_invalid_frame_recv);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
      return std::unique_ptr<nghttp2_session_callbacks, Deleter>(callbacks);
    }();
    return kMade.get();
  }

  static const nghttp2_option* options() {
    static const auto kMade = [] {
      struct Deleter {
        void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
      };
      nghttp2_option* option = nullptr;
      CHECK(nghttp2_option_new(&option) == 0);
      nghttp2_option_set_no_closed_streams(option, 1);
      // Resets are counted by the session, which says why it ends the connection.
      nghttp2_option_set_stream_reset_rate_limit(option, UINT32_MAX, UINT32_MAX);
      return std::unique_ptr<nghttp2_option, Deleter>(option);
    }();
    return kMade.get();
  }
};

Http2Session::Http2Session(const ConnectionSetup& setup, EventLoop& loop,
                           std::shared_ptr<ConnectionLink> link, std::string peer)
    : setup_(setup),
      loop_(loop),
      link_(std::move(link)),
      peer_(std::move(peer)),
      flood_gate_(setup.options.flood_frame_count_max, setup.options.flood_frames_per_second,
                  loop.now()),
      last_use_(loop.now()),
      last_stream_sweep_(loop.now()) {
  nghttp2_session* session = nullptr;
  CHECK(nghttp2_session_server_new2(&session, Callbacks::table(), this, Callbacks::options()) == 0);
  session_.reset(session);
  const std::array<nghttp2_settings_entry, 5> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, setup.options.stream_count_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindowBytes},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, kFrameBytesMax},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(setup.options.header_bytes_max)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  CHECK(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0);
  CHECK(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                              kConnectionWindowBytes) == 0);
}

Http2Session::~Http2Session() = default;

void Http2Session::receive(std::string_view bytes) {
  if (is_failed_) {
    return;
  }
  const ssize_t used = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    // Most violations end in a GOAWAY of nghttp2's own; this is a peer that speaks something else,
    // or one that sends CONTINUATION frames without end or lets our acknowledgements pile up.
    is_failed_ = true;
    if (used == NGHTTP2_ERR_BAD_CLIENT_MAGIC) {
      setup_.ledger->count_refused(Refusal::Malformed);
      return;
    }
    setup_.ledger->count_refused(Refusal::Flood);
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

bool Http2Session::wants_input() const { return !is_failed_; }

void Http2Session::receive_end() {
  // No answer can be acknowledged, nor the window for it opened: unlike in HTTP/1.1 a peer that has
  // closed its half is gone once what it has asked for so far fits the windows.
  is_input_ended_ = true;
  for (auto& [id, stream] : streams_) {
    stream.cancel.request_stop();
  }
}

Http2Stream* Http2Session::find_stream(std::int32_t stream_id) const {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_.get(), stream_id));
}

void Http2Session::begin_request(std::int32_t stream_id) {
  Http2Stream& stream = streams_[stream_id];
  stream.id = stream_id;
  stream.request.version = HttpVersion::Http2;
  stream.request.headers.reserve(12);
  stream.charge = InflightCharge(setup_.ledger->inflight());
  nghttp2_session_set_stream_user_data(session_.get(), stream_id, &stream);
}

int Http2Session::add_header(Http2Stream& stream, std::string_view name, std::string_view value) {
  stream.header_bytes += name.size() + value.size() + 32;
  ++stream.header_count;
  const HttpServerOptions& options = setup_.options;
  if (stream.header_bytes > options.header_bytes_max ||
      stream.header_count > options.header_count_max) {
    stream.refusal = stream.header_bytes > options.header_bytes_max ? Refusal::HeaderBytes
                                                                    : Refusal::HeaderCount;
    if (stream.header_bytes > kHeaderPatience * options.header_bytes_max) {
      setup_.ledger->count_refused(Refusal::Flood);
      nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return 0;
  }
  if (stream.has_headers) {
    return 0;  // A trailer: counted, and of no use to anyone.
  }
  if (name.starts_with(':')) {
    if (name == ":method") {
      stream.request.method = value;
    } else if (name == ":path") {
      if (value.size() > options.target_bytes_max) {
        stream.refusal = Refusal::TargetBytes;
      } else {
        set_target(stream.request, value);
      }
    } else if (name == ":authority") {
      stream.request.headers.push_back({"host", std::string(value)});
      stream.has_authority = true;
    }
    return 0;
  }
  if (name == "host" && stream.has_authority) {
    return 0;
  }
  stream.request.headers.push_back({std::string(name), std::string(value)});
  return 0;
}

void Http2Session::end_headers(Http2Stream& stream) {
  stream.has_headers = true;
  stream.since = loop_.now();
  stream.is_grpc = is_grpc(stream.request);
  if (stream.refusal.has_value()) {
    refuse(stream, *stream.refusal);
    return;
  }
  const std::optional<std::uint64_t> length = parse_uint64(stream.request.header("content-length"));
  stream.announced_bytes = static_cast<std::size_t>(length.value_or(0));
  if (stream.announced_bytes > setup_.options.body_bytes_max) {
    refuse(stream, Refusal::BodyBytes);
  } else if (!stream.charge.has_room_for(stream.announced_bytes)) {
    refuse(stream, Refusal::InflightBytes);
  } else if (stream.is_grpc) {
    stream.announced_bytes = 0;  // The prefix will tell it, without itself.
  } else if (equals_ignoring_case(stream.request.header("expect"), "100-continue")) {
    const nghttp2_nv status = borrow_header(":status", "100");
    nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id, nullptr, &status, 1,
                           nullptr);
  }
}

void Http2Session::add_data(Http2Stream& stream, std::string_view part) {
  if (stream.phase != Http2Stream::Phase::Receiving) {
    return;
  }
  std::string& prefix = stream.request.grpc_prefix;
  std::string& body = stream.request.body;
  std::size_t expected = 0;
  if (stream.is_grpc && prefix.size() < kGrpcPrefixBytes) {
    const std::string_view start = part.substr(0, kGrpcPrefixBytes - prefix.size());
    prefix += start;
    part.remove_prefix(start.size());
    if (prefix.size() == kGrpcPrefixBytes) {
      stream.announced_bytes = grpc_length(prefix);
      // What does not fit is refused now and not after it was received.
      expected = stream.announced_bytes;
    }
  }
  if (prefix.size() + std::max(stream.announced_bytes, body.size() + part.size()) >
      setup_.options.body_bytes_max) {
    refuse(stream, Refusal::BodyBytes);
    return;
  }
  if (!stream.charge.has_room_for(expected) || !stream.charge.try_add(part.size())) {
    refuse(stream, Refusal::InflightBytes);
    return;
  }
  append_body(body, part, stream.announced_bytes);
}

void Http2Session::end_request(Http2Stream& stream) {
  stream.is_remote_ended = true;
  if (stream.phase == Http2Stream::Phase::Receiving) {
    dispatch(stream);
  }
}

void Http2Session::dispatch(Http2Stream& stream) {
  stream.phase = Http2Stream::Phase::Awaiting;
  stream.cancel = std::stop_source();
  Request request = std::move(stream.request);
  request.peer = peer_;
  request.cancelled = stream.cancel.get_token();
  // What the answer depends on later.
  stream.request.method = request.method;
  setup_.ledger->count_request(HttpVersion::Http2);
  setup_.handler.handle(
      std::move(request),
      make_responder(link_, static_cast<std::uint32_t>(stream.id), std::move(stream.charge)));
}

void Http2Session::answer(std::uint32_t request_id, Response response) {
  Http2Stream* const stream = find_stream(static_cast<std::int32_t>(request_id));
  if (stream != nullptr && stream->phase == Http2Stream::Phase::Awaiting) {
    submit(*stream, std::move(response));
  }
}

void Http2Session::refuse(Http2Stream& stream, Refusal refusal) {
  setup_.ledger->count_refused(refusal);
  stream.request.body = {};
  stream.charge.release();
  submit(stream, make_refusal(refusal, stream.is_grpc ? AnswerStyle::Grpc : AnswerStyle::Http,
                              setup_.options.retry_after));
}

void Http2Session::submit(Http2Stream& stream, Response response) {
  stream.phase = Http2Stream::Phase::Sending;
  stream.since = loop_.now();
  stream.response = std::move(response);
  Response& kept = stream.response;
  const std::string_view body = kept.static_body.empty() ? kept.body : kept.static_body;

  // The numbers become headers of the response, so that they live as long as it.
  std::erase_if(kept.headers, is_unsendable);
  std::erase_if(kept.trailers, is_unsendable);
  if (!stream.is_grpc) {
    kept.headers.push_back({"date", std::string(loop_.date())});
    if (kept.status != 204 && kept.status != 304) {
      kept.headers.push_back({"content-length", std::to_string(body.size())});
    }
  }
  std::vector<nghttp2_nv> headers;
  const std::string status = std::to_string(kept.status);
  headers.reserve(kept.headers.size() + 1);
  headers.push_back(borrow_header(":status", status));
  headers.back().flags = NGHTTP2_NV_FLAG_NO_COPY_NAME;
  for (const nghttp2_nv& header : borrow_headers(kept.headers)) {
    headers.push_back(header);
  }

  const bool has_body = !body.empty() && stream.request.method != "HEAD";
  stream.unsent_body = has_body ? body : std::string_view();
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = Callbacks::read_body;
  const bool has_data = has_body || !kept.trailers.empty();
  const int result = nghttp2_submit_response(session_.get(), stream.id, headers.data(),
                                             headers.size(), has_data ? &provider : nullptr);
  if (result != 0) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_INTERNAL_ERROR);
  }
}

void Http2Session::close_stream(std::int32_t stream_id) {
  if (open_header_.has_value() && open_header_->stream_id == stream_id) {
    open_header_.reset();
  }
  const auto found = streams_.find(stream_id);
  if (found == streams_.end()) {
    return;
  }
  if (found->second.phase == Http2Stream::Phase::Awaiting) {
    found->second.cancel.request_stop();
  }
  streams_.erase(found);
  last_use_ = loop_.now();
}

void Http2Session::frame_received(const nghttp2_frame& frame) {
  const bool is_end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      open_header_.reset();
      if (Http2Stream* const stream = find_stream(frame.hd.stream_id)) {
        if (!stream->has_headers) {
          end_headers(*stream);
        } else if (stream->refusal.has_value() && stream->phase == Http2Stream::Phase::Receiving) {
          refuse(*stream, *stream->refusal);
        }
        if (is_end) {
          end_request(*stream);
        }
      }
      return;
    case NGHTTP2_DATA:
      if (Http2Stream* const stream = find_stream(frame.hd.stream_id);
          stream != nullptr && is_end) {
        end_request(*stream);
      } else if (frame.hd.length == 0) {
        count_flood_frame();
      }
      return;
    case NGHTTP2_PING:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) {
        if (drain_since_.has_value()) {
          submit_final_goaway();
        }
        return;
      }
      count_flood_frame();
      return;
    case NGHTTP2_SETTINGS:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
        count_flood_frame();
      }
      return;
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_PRIORITY:
      count_flood_frame();
      return;
    default:
      return;
  }
}

void Http2Session::frame_sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code != NGHTTP2_NO_ERROR) {
    // A peer can make us reset streams as well as reset them itself.
    count_flood_frame();
    return;
  }
  const bool is_end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!is_end || (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA)) {
    return;
  }
  // Answered before the whole body came: the peer may stop sending it (RFC 9113, section 8.1).
  const Http2Stream* const stream = find_stream(frame.hd.stream_id);
  if (stream != nullptr && !stream->is_remote_ended) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
  }
}

void Http2Session::count_flood_frame() {
  if (!flood_gate_.let_pass(loop_.now()) && !is_goaway_final_) {
    is_goaway_final_ = true;
    setup_.ledger->count_refused(Refusal::Flood);
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

void Http2Session::produce(OutputQueue& out) {
  std::string frames;
  while (frames.size() < kWriteBytes) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0) {
      is_failed_ = true;
    }
    if (size <= 0) {
      break;
    }
    frames += view(data, static_cast<std::size_t>(size));
  }
  out.append(std::move(frames));
}

HttpSession::Ending Http2Session::ending() const {
  if (is_input_ended_ && streams_.empty()) {
    return Ending::Close;
  }
  const bool is_over = is_failed_ || (nghttp2_session_want_read(session_.get()) == 0 &&
                                      nghttp2_session_want_write(session_.get()) == 0);
  return is_over ? Ending::Linger : Ending::None;
}

// A peer may have sent requests that a GOAWAY with the last stream would leave unanswered; so it is
// first told to start no more, and once it has answered a ping, which stream was the last.
void Http2Session::start_drain() {
  if (drain_since_.has_value()) {
    return;
  }
  drain_since_ = loop_.now();
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, kDrainPing.data());
}

void Http2Session::submit_final_goaway() {
  if (is_goaway_final_) {
    return;
  }
  is_goaway_final_ = true;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Http2Session::sweep(std::chrono::nanoseconds now) {
  const HttpServerOptions& options = setup_.options;
  if (drain_since_.has_value() && now - *drain_since_ >= kDrainNotice) {
    submit_final_goaway();
  }
  if (open_header_.has_value() && now - open_header_->since >= options.header_timeout) {
    open_header_.reset();
    setup_.ledger->count_refused(Refusal::SlowHeader);
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
  }
  if (streams_.empty()) {
    if (now - last_use_ >= options.idle_timeout) {
      submit_final_goaway();
    }
    return;
  }
  if (now - last_stream_sweep_ < kStreamSweepPeriod) {
    return;
  }
  last_stream_sweep_ = now;
  for (auto& [id, stream] : streams_) {
    sweep_stream(stream, now);
  }
}

void Http2Session::sweep_stream(Http2Stream& stream, std::chrono::nanoseconds now) {
  const std::chrono::nanoseconds elapsed = now - stream.since;
  switch (stream.phase) {
    case Http2Stream::Phase::Receiving:
      if (is_body_too_slow(setup_.options, elapsed, stream.request.body.size())) {
        refuse(stream, Refusal::SlowBody);
      }
      return;
    case Http2Stream::Phase::Awaiting:
      return;
    case Http2Stream::Phase::Sending:
      // The peer keeps its window shut, and holds the answer's memory by that.
      if (elapsed >= setup_.options.idle_timeout) {
        nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
      }
      return;
  }
}

void Http2Session::disconnected() {
  for (auto& [id, stream] : streams_) {
    if (stream.phase == Http2Stream::Phase::Awaiting) {
      stream.cancel.request_stop();
    }
  }
}

}  // namespace waybill::net
