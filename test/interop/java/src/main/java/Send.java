// SPDX-License-Identifier: Apache-2.0

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.KeyValue;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Sends one trace that has everything, with the unmodified OpenTelemetry SDK, and prints as JSON what it sent:
 * {@code Send grpc|http/protobuf none|gzip HOST:PORT}. The shape of the output is described in README.md.
 */
public final class Send {
  private static final String SCHEMA_URL = "https://opentelemetry.io/schemas/1.30.0";

  /** Keeps the spans, to send them as one request and to print them. */
  private static final class Keeper implements SpanExporter {
    final List<SpanData> spans = new ArrayList<>();

    @Override
    public CompletableResultCode export(Collection<SpanData> some) {
      spans.addAll(some);
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  public static void main(String[] arguments) {
    String protocol = arguments[0];
    String compression = arguments[1];
    List<SpanData> spans = makeSpans("interop-java-" + protocol + "-" + compression);
    SpanExporter exporter = makeExporter(protocol, compression, "http://" + arguments[2]);
    CompletableResultCode outcome = exporter.export(spans).join(20, TimeUnit.SECONDS);
    exporter.shutdown().join(20, TimeUnit.SECONDS);
    if (!outcome.isSuccess()) {
      System.err.println("the export failed: " + outcome.getFailureThrowable());
      System.exit(1);
    }
    new PrintStream(System.out, true, StandardCharsets.UTF_8)
        .println(object("sdk", quoted("java"), "spans", list(spans, Send::spanJson)));
    System.exit(0);
  }

  private static SpanExporter makeExporter(String protocol, String compression, String base) {
    if (protocol.equals("grpc")) {
      return OtlpGrpcSpanExporter.builder().setEndpoint(base).setCompression(compression).build();
    }
    if (protocol.equals("http/protobuf")) {
      return OtlpHttpSpanExporter.builder().setEndpoint(base + "/v1/traces").setCompression(compression).build();
    }
    throw new IllegalArgumentException("no such protocol: " + protocol);
  }

  private static List<SpanData> makeSpans(String service) {
    Keeper keeper = new Keeper();
    Resource resource = Resource.getDefault().merge(Resource.create(Attributes.builder()
        .put("service.name", service)
        .put("service.version", "1.2.3-β")
        .put("host.cpus", 2)
        .put("process.command_args", "java", "--enable", "")
        .build(), SCHEMA_URL));
    SpanLimits limits = SpanLimits.builder().setMaxNumberOfAttributes(27).setMaxNumberOfEvents(3)
        .setMaxNumberOfLinks(3).setMaxNumberOfAttributesPerEvent(4).setMaxNumberOfAttributesPerLink(2).build();
    SdkTracerProvider provider = SdkTracerProvider.builder().setResource(resource).setSpanLimits(limits)
        .addSpanProcessor(SimpleSpanProcessor.create(keeper)).build();
    Tracer tracer = provider.tracerBuilder("waybill.interop").setInstrumentationVersion("0.1.0")
        .setSchemaUrl(SCHEMA_URL).build();
    Tracer bareTracer = provider.get("bare");
    long base = Instant.now().getEpochSecond() - 2;

    Span root = start(tracer, "root 根 🚀 \"quoted\" \\ \u0001 <b>", SpanKind.INTERNAL, Context.root(),
        at(base, 123_456_789)).setAllAttributes(Attributes.builder()
            .put("text", "GET /cart")
            .put("text.unicode", "žluťoučký 🐎 \u2028 line\nbreak \0 nul")
            .put("text.empty", "")
            .put("text.long", "x".repeat(5000))
            .put("yes", true)
            .put("no", false)
            .put("int.zero", 0)
            .put("int.negative", -42)
            .put("int.max", Long.MAX_VALUE)
            .put("int.min", Long.MIN_VALUE)
            .put("double", 0.1)
            .put("double.whole", 3.0)
            .put("double.negative_zero", -0.0)
            .put("double.small", Double.MIN_VALUE)
            .put("double.big", Double.MAX_VALUE)
            .put("double.nan", Double.NaN)
            .put("double.infinity", Double.NEGATIVE_INFINITY)
            .put("array.text", "a", "", "ř")
            .put("array.int", 1, 0, Long.MAX_VALUE)
            .put("array.double", 0.5, 3.0, Double.POSITIVE_INFINITY)
            .put("array.bool", true, false)
            .put(AttributeKey.stringArrayKey("array.empty"), List.of())
            .put(AttributeKey.valueKey("array.mixed"), Value.of(Value.of(1), Value.of("b"), Value.of(Value.of(true),
                Value.of(new byte[] {-1}))))
            .put(AttributeKey.valueKey("bytes"), Value.of(new byte[] {0, 1, -2, -1}))
            .put(AttributeKey.valueKey("map"), Value.of(KeyValue.of("a", Value.of("b")),
                KeyValue.of("inner", Value.of(KeyValue.of("c", Value.of(0.25))))))
            .put(AttributeKey.valueKey("nothing"), Value.empty())
            .build()).startSpan();
    Span call = start(tracer, "call", SpanKind.CLIENT, Context.root().with(root), at(base, 123_456_790)).startSpan();
    call.setStatus(StatusCode.OK);

    // As another process would go on from the headers.
    TraceState state = TraceState.builder().put("tenant@vendor", "a:b/c").put("waybill", "t61rcWkgMzE").build();
    SpanContext headers = SpanContext.createFromRemoteParent(call.getSpanContext().getTraceId(),
        call.getSpanContext().getSpanId(), TraceFlags.getSampled(), state);
    Span serve = start(tracer, "GET /cart/{id}", SpanKind.SERVER, Context.root().with(Span.wrap(headers)),
        at(base, 200_000_001)).startSpan();
    Context inServe = Context.root().with(serve);
    Span publish = start(tracer, "publish", SpanKind.PRODUCER, inServe, at(base, 210_000_000)).startSpan();
    publish.end(at(base, 211_000_001));
    SpanContext foreign = SpanContext.createFromRemoteParent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331",
        TraceFlags.getDefault(), TraceState.builder().put("other", "1").build());
    Span consume = start(tracer, "process", SpanKind.CONSUMER, inServe, at(base, 220_000_000))
        .addLink(publish.getSpanContext(), Attributes.builder().put("reason", "batch").put("weight", 0.5).build())
        .addLink(foreign).startSpan();
    consume.end(at(base, 220_000_000));

    Span fails = start(bareTracer, "fails", SpanKind.INTERNAL, inServe, at(base, 230_000_000)).startSpan();
    fails.addEvent("exception", Attributes.builder().put("exception.type", "java.lang.IllegalStateException")
        .put("exception.message", "nothing here: \"é\"").put("exception.stacktrace", "at Send.main\n\tat x").build(),
        at(base, 230_500_999));
    fails.addEvent("retry", Attributes.builder().put("attempt", 2).put("delay.s", 0.25).put("final", false)
        .put("hosts", "a", "b").build(), at(base, 230_600_000));
    fails.addEvent("", at(base, 230_700_000));
    fails.setStatus(StatusCode.ERROR, "boom ☠");
    fails.end(at(base, 240_000_000));

    SpanBuilder manyBuilder = start(bareTracer, "over the limits", SpanKind.INTERNAL, inServe, at(base, 241_000_000));
    // Links that are added to a running span lose their count of dropped attributes in this SDK.
    for (int i = 0; i < 7; i++) {
      manyBuilder.addLink(root.getSpanContext(), Attributes.builder().put("a", i).put("b", 2).put("c", 3).build());
    }
    Span many = manyBuilder.startSpan();
    for (int i = 0; i < 30; i++) {
      many.setAttribute("k" + i, i);
    }
    for (int i = 0; i < 5; i++) {
      many.addEvent("e" + i, Attributes.builder().put("a", i).put("b", 2).put("c", 3).put("d", 4).put("e", 5)
          .put("f", 6).build(), at(base, 241_000_000 + i));
    }
    many.end(at(base, 242_000_000));

    serve.end(at(base, 300_000_000));
    call.end(at(base, 400_000_000));
    root.end(at(base, 1_123_456_788));
    provider.forceFlush().join(10, TimeUnit.SECONDS);
    return keeper.spans;
  }

  private static Instant at(long base, long nanos) {
    return Instant.ofEpochSecond(base, nanos);
  }

  private static SpanBuilder start(Tracer tracer, String name, SpanKind kind, Context context, Instant time) {
    return tracer.spanBuilder(name).setParent(context).setSpanKind(kind).setStartTimestamp(time);
  }

  // JSON, as text.

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c < ' ' || c == '"' || c == '\\') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }

  private static String object(String... namesAndValues) {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      json.append(i == 0 ? "" : ", ").append(quoted(namesAndValues[i])).append(": ").append(namesAndValues[i + 1]);
    }
    return json.append('}').toString();
  }

  private static <T> String list(Collection<T> of, Function<T, String> json) {
    return of.stream().map(json).collect(Collectors.joining(", ", "[", "]"));
  }

  private static String number(long of) {
    return Long.toString(of);
  }

  private static String[] typed(Value<?> of) {
    switch (of.getType()) {
      case STRING:
        return new String[] {"type", quoted("string"), "value", quoted((String) of.getValue())};
      case BOOLEAN:
        return new String[] {"type", quoted("bool"), "value", of.getValue().toString()};
      case LONG:
        return new String[] {"type", quoted("int"), "value", quoted(of.getValue().toString())};
      case DOUBLE:
        return new String[] {"type", quoted("double"), "value", quoted(of.getValue().toString())};
      case BYTES:
        ByteBuffer buffer = (ByteBuffer) of.getValue();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return new String[] {"type", quoted("bytes"), "value", quoted(Base64.getEncoder().encodeToString(bytes))};
      case ARRAY:
        return new String[] {"type", quoted("array"), "value", array((List<?>) of.getValue())};
      case KEY_VALUE_LIST:
        return new String[] {"type", quoted("kvlist"), "value", pairs((List<?>) of.getValue())};
      default:
        return new String[] {"type", quoted("empty"), "value", "null"};
    }
  }

  private static String array(List<?> of) {
    return list(of, one -> object(typed(value(one))));
  }

  private static String pairs(List<?> of) {
    return list(of, one -> attribute(((KeyValue) one).getKey(), ((KeyValue) one).getValue()));
  }

  private static String attribute(String key, Value<?> of) {
    String[] typed = typed(of);
    return object("key", quoted(key), typed[0], typed[1], typed[2], typed[3]);
  }

  /** Attributes of the simple types are kept without a Value. */
  private static Value<?> value(Object of) {
    if (of instanceof Value<?> known) {
      return known;
    }
    if (of instanceof String text) {
      return Value.of(text);
    }
    if (of instanceof Boolean truth) {
      return Value.of(truth.booleanValue());
    }
    if (of instanceof Long integer) {
      return Value.of(integer.longValue());
    }
    if (of instanceof Double real) {
      return Value.of(real.doubleValue());
    }
    List<Value<?>> values = new ArrayList<>();
    for (Object one : (List<?>) of) {
      values.add(value(one));
    }
    return Value.of(values);
  }

  private static String attributes(Attributes of) {
    // In this order they are sent; asMap() may have another.
    List<String> json = new ArrayList<>();
    of.forEach((key, one) -> json.add(attribute(key.getKey(), value(one))));
    return list(json, one -> one);
  }

  private static String nanos(long of) {
    return quoted(Long.toUnsignedString(of));
  }

  private static String flags(SpanContext own, SpanContext other) {
    return number((own.getTraceFlags().asByte() & 0xff) | (other.isRemote() ? 0x300 : 0x100));
  }

  private static String state(TraceState of) {
    StringBuilder text = new StringBuilder();
    of.forEach((key, value) -> text.append(text.length() == 0 ? "" : ",").append(key).append('=').append(value));
    return quoted(text.toString());
  }

  private static String optional(String text) {
    return quoted(text == null ? "" : text);
  }

  private static String eventJson(EventData of) {
    return object("name", quoted(of.getName()), "timeUnixNano", nanos(of.getEpochNanos()),
        "attributes", attributes(of.getAttributes()),
        "droppedAttributesCount", number(of.getTotalAttributeCount() - of.getAttributes().size()));
  }

  private static String linkJson(LinkData of) {
    SpanContext context = of.getSpanContext();
    return object("traceId", quoted(context.getTraceId()), "spanId", quoted(context.getSpanId()),
        "traceState", state(context.getTraceState()), "flags", flags(context, context),
        "attributes", attributes(of.getAttributes()),
        "droppedAttributesCount", number(of.getTotalAttributeCount() - of.getAttributes().size()));
  }

  private static String spanJson(SpanData of) {
    SpanContext parent = of.getParentSpanContext();
    return object(
        "traceId", quoted(of.getTraceId()),
        "spanId", quoted(of.getSpanId()),
        "parentSpanId", quoted(parent.isValid() ? parent.getSpanId() : ""),
        "traceState", state(of.getSpanContext().getTraceState()),
        "flags", flags(of.getSpanContext(), parent),
        "name", quoted(of.getName()),
        "kind", quoted(of.getKind().name().toLowerCase(Locale.ROOT)),
        "startUnixNano", nanos(of.getStartEpochNanos()),
        "endUnixNano", nanos(of.getEndEpochNanos()),
        "status", object("code", quoted(of.getStatus().getStatusCode().name().toLowerCase(Locale.ROOT)),
            "message", quoted(of.getStatus().getDescription())),
        "attributes", attributes(of.getAttributes()),
        "droppedAttributesCount", number(of.getTotalAttributeCount() - of.getAttributes().size()),
        "events", list(of.getEvents(), Send::eventJson),
        "droppedEventsCount", number(of.getTotalRecordedEvents() - of.getEvents().size()),
        "links", list(of.getLinks(), Send::linkJson),
        "droppedLinksCount", number(of.getTotalRecordedLinks() - of.getLinks().size()),
        "scope", object("name", quoted(of.getInstrumentationScopeInfo().getName()),
            "version", optional(of.getInstrumentationScopeInfo().getVersion()),
            "attributes", attributes(of.getInstrumentationScopeInfo().getAttributes()),
            "schemaUrl", optional(of.getInstrumentationScopeInfo().getSchemaUrl())),
        "resource", object("attributes", attributes(of.getResource().getAttributes()),
            "schemaUrl", optional(of.getResource().getSchemaUrl())));
  }
}
