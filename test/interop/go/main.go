// SPDX-License-Identifier: Apache-2.0

// Sends one trace that has everything, with the unmodified OpenTelemetry SDK, and prints as JSON what it sent:
//
//	send grpc|http/protobuf none|gzip HOST:PORT
//	send grpc other HOST:PORT (a compression that no server knows)
//
// The shape of the output is described in ../README.md.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
)

const schemaURL = "https://opentelemetry.io/schemas/1.30.0"

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A compression that no server knows: it leaves everything as it is.
type other struct{}

func (other) Name() string { return "other" }

func (other) Compress(w io.Writer) (io.WriteCloser, error) { return kept{w}, nil }

func (other) Decompress(r io.Reader) (io.Reader, error) { return r, nil }

type kept struct{ io.Writer }

func (kept) Close() error { return nil }

func makeExporter(ctx context.Context, protocol, compression, address string) *otlptrace.Exporter {
	switch protocol {
	case "grpc":
		options := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithInsecure()}
		switch compression {
		case "gzip":
			options = append(options, otlptracegrpc.WithCompressor("gzip"))
		case "other":
			encoding.RegisterCompressor(other{})
			options = append(options, otlptracegrpc.WithDialOption(grpc.WithDefaultCallOptions(grpc.UseCompressor("other"))))
		}
		return must(otlptracegrpc.New(ctx, options...))
	case "http/protobuf":
		options := []otlptracehttp.Option{otlptracehttp.WithEndpoint(address), otlptracehttp.WithInsecure()}
		if compression == "gzip" {
			options = append(options, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		}
		return must(otlptracehttp.New(ctx, options...))
	}
	check(fmt.Errorf("no such protocol: %s", protocol))
	return nil
}

func main() {
	protocol, compression, address := os.Args[1], os.Args[2], os.Args[3]
	ctx := context.Background()
	kept := makeSpans(ctx, "interop-go-"+protocol+"-"+compression)

	exporter := makeExporter(ctx, protocol, compression, address)
	check(exporter.ExportSpans(ctx, kept.Snapshots()))
	check(exporter.Shutdown(ctx))

	spans := []any{}
	for _, span := range kept.Snapshots() {
		spans = append(spans, spanJSON(span))
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"sdk": "go", "spans": spans}))
}

func makeSpans(ctx context.Context, service string) tracetest.SpanStubs {
	keeper := tracetest.NewInMemoryExporter()
	res := must(resource.Merge(resource.NewSchemaless(resource.Default().Attributes()...), resource.NewWithAttributes(schemaURL,
		attribute.String("service.name", service),
		attribute.String("service.version", "1.2.3-β"),
		attribute.Int("host.cpus", 2),
		attribute.StringSlice("process.command_args", []string{"send", "--enable", ""}),
	)))
	limits := sdktrace.NewSpanLimits()
	limits.AttributeCountLimit = 26
	limits.EventCountLimit = 3
	limits.LinkCountLimit = 3
	limits.AttributePerEventCountLimit = 4
	limits.AttributePerLinkCountLimit = 2
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(keeper), sdktrace.WithResource(res), sdktrace.WithRawSpanLimits(limits))
	tracer := provider.Tracer("waybill.interop", trace.WithInstrumentationVersion("0.1.0"), trace.WithSchemaURL(schemaURL),
		trace.WithInstrumentationAttributes(attribute.String("scope.part", "főr"), attribute.Int("scope.number", 7)))
	bareTracer := provider.Tracer("bare")

	base := time.Now().Add(-2 * time.Second).Truncate(time.Second)
	at := func(nanos int64) trace.SpanEventOption { return trace.WithTimestamp(base.Add(time.Duration(nanos))) }

	inRoot, root := tracer.Start(ctx, "root 根 🚀 \"quoted\" \\ \x01 <b>", trace.WithSpanKind(trace.SpanKindInternal), at(123_456_789),
		trace.WithAttributes(
			attribute.String("text", "GET /cart"),
			attribute.String("text.unicode", "žluťoučký 🐎 \u2028 line\nbreak \x00 nul"),
			attribute.String("text.empty", ""),
			attribute.String("text.long", strings.Repeat("x", 5000)),
			attribute.Bool("yes", true),
			attribute.Bool("no", false),
			attribute.Int64("int.zero", 0),
			attribute.Int64("int.negative", -42),
			attribute.Int64("int.max", math.MaxInt64),
			attribute.Int64("int.min", math.MinInt64),
			attribute.Float64("double", 0.1),
			attribute.Float64("double.whole", 3),
			attribute.Float64("double.negative_zero", math.Copysign(0, -1)),
			attribute.Float64("double.small", math.SmallestNonzeroFloat64),
			attribute.Float64("double.big", math.MaxFloat64),
			attribute.Float64("double.nan", math.NaN()),
			attribute.Float64("double.infinity", math.Inf(-1)),
			attribute.StringSlice("array.text", []string{"a", "", "ř"}),
			attribute.Int64Slice("array.int", []int64{1, 0, math.MaxInt64}),
			attribute.Float64Slice("array.double", []float64{0.5, 3, math.Inf(1)}),
			attribute.BoolSlice("array.bool", []bool{true, false}),
			attribute.StringSlice("array.empty", []string{}),
			attribute.KeyValue{Key: "bytes", Value: attribute.ByteSliceValue([]byte{0, 1, 254, 255})},
			attribute.KeyValue{Key: "array.mixed", Value: attribute.SliceValue(attribute.Int64Value(1), attribute.StringValue("b"),
				attribute.SliceValue(attribute.BoolValue(true)))},
			attribute.KeyValue{Key: "map", Value: attribute.MapValue(attribute.String("a", "b"), attribute.KeyValue{Key: "inner",
				Value: attribute.MapValue(attribute.Float64("c", 0.25))})},
		))
	inCall, call := tracer.Start(inRoot, "call", trace.WithSpanKind(trace.SpanKindClient), at(123_456_790))
	call.SetStatus(codes.Ok, "")

	// As another process would go on from the headers.
	headers := trace.SpanContextFromContext(inCall).WithTraceState(must(trace.ParseTraceState("waybill=t61rcWkgMzE,tenant@vendor=a:b/c")))
	inServe, serve := tracer.Start(trace.ContextWithRemoteSpanContext(ctx, headers), "GET /cart/{id}",
		trace.WithSpanKind(trace.SpanKindServer), at(200_000_001))
	_, publish := tracer.Start(inServe, "publish", trace.WithSpanKind(trace.SpanKindProducer), at(210_000_000))
	publish.End(at(211_000_001))
	foreign := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: must(trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")),
		SpanID:  must(trace.SpanIDFromHex("b7ad6b7169203331")),
		Remote:  true,
	})
	_, consume := tracer.Start(inServe, "process", trace.WithSpanKind(trace.SpanKindConsumer), at(220_000_000), trace.WithLinks(
		trace.Link{SpanContext: publish.SpanContext(), Attributes: []attribute.KeyValue{
			attribute.String("reason", "batch"), attribute.Float64("weight", 0.5)}},
		trace.Link{SpanContext: foreign}))
	consume.End(at(220_000_000))

	_, fails := bareTracer.Start(inServe, "fails", at(230_000_000))
	fails.RecordError(errors.New("nothing here: \"é\""), at(230_500_999))
	fails.AddEvent("retry", at(230_600_000), trace.WithAttributes(attribute.Int("attempt", 2), attribute.Float64("delay.s", 0.25),
		attribute.Bool("final", false), attribute.StringSlice("hosts", []string{"a", "b"})))
	fails.AddEvent("", at(230_700_000))
	fails.SetStatus(codes.Error, "boom ☠")
	fails.End(at(240_000_000))

	_, many := bareTracer.Start(inServe, "over the limits", at(241_000_000))
	for i := range 30 {
		many.SetAttributes(attribute.Int(fmt.Sprintf("k%d", i), i))
	}
	for i := range int64(5) {
		attributes := []attribute.KeyValue{}
		for _, key := range strings.Split("abcdef", "") {
			attributes = append(attributes, attribute.Int64(key, i))
		}
		many.AddEvent(fmt.Sprintf("e%d", i), at(241_000_000+i), trace.WithAttributes(attributes...))
	}
	for i := range 7 {
		many.AddLink(trace.Link{SpanContext: root.SpanContext(), Attributes: []attribute.KeyValue{
			attribute.Int("a", i), attribute.Int("b", 2), attribute.Int("c", 3)}})
	}
	many.End(at(242_000_000))

	serve.End(at(300_000_000))
	call.End(at(400_000_000))
	root.End(at(1_123_456_788))
	return keeper.GetSpans()
}

type object = map[string]any

// As text, which keeps the sign of zero.
func double(of float64) string {
	switch {
	case math.IsNaN(of):
		return "NaN"
	case math.IsInf(of, 1):
		return "Infinity"
	case math.IsInf(of, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(of, 'g', -1, 64)
}

func array[T any](of []T, one func(T) attribute.Value) []any {
	list := []any{}
	for _, value := range of {
		list = append(list, valueJSON(one(value)))
	}
	return list
}

func typed(name string, value any) object { return object{"type": name, "value": value} }

func valueJSON(of attribute.Value) object {
	switch of.Type() {
	case attribute.BOOL:
		return typed("bool", of.AsBool())
	case attribute.INT64:
		return typed("int", strconv.FormatInt(of.AsInt64(), 10))
	case attribute.FLOAT64:
		return typed("double", double(of.AsFloat64()))
	case attribute.STRING:
		return typed("string", of.AsString())
	case attribute.BYTESLICE:
		return typed("bytes", base64.StdEncoding.EncodeToString(of.AsByteSlice()))
	case attribute.BOOLSLICE:
		return typed("array", array(of.AsBoolSlice(), attribute.BoolValue))
	case attribute.INT64SLICE:
		return typed("array", array(of.AsInt64Slice(), attribute.Int64Value))
	case attribute.FLOAT64SLICE:
		return typed("array", array(of.AsFloat64Slice(), attribute.Float64Value))
	case attribute.STRINGSLICE:
		return typed("array", array(of.AsStringSlice(), attribute.StringValue))
	case attribute.SLICE:
		return typed("array", array(of.AsSlice(), func(value attribute.Value) attribute.Value { return value }))
	case attribute.MAP:
		return typed("kvlist", attributesJSON(of.AsMap()))
	}
	return typed("empty", nil)
}

func attributesJSON(of []attribute.KeyValue) []any {
	list := []any{}
	for _, one := range of {
		json := valueJSON(one.Value)
		json["key"] = string(one.Key)
		list = append(list, json)
	}
	return list
}

func nanos(of time.Time) string { return strconv.FormatInt(of.UnixNano(), 10) }

func flags(own trace.TraceFlags, other trace.SpanContext) int {
	if other.IsRemote() {
		return int(own) | 0x300
	}
	return int(own) | 0x100
}

func spanJSON(span sdktrace.ReadOnlySpan) object {
	events, links := []any{}, []any{}
	for _, event := range span.Events() {
		events = append(events, object{"name": event.Name, "timeUnixNano": nanos(event.Time),
			"attributes": attributesJSON(event.Attributes), "droppedAttributesCount": event.DroppedAttributeCount})
	}
	for _, link := range span.Links() {
		// This exporter leaves the trace state of links out.
		links = append(links, object{"traceId": link.SpanContext.TraceID().String(), "spanId": link.SpanContext.SpanID().String(),
			"traceState": "", "flags": flags(link.SpanContext.TraceFlags(), link.SpanContext),
			"attributes": attributesJSON(link.Attributes), "droppedAttributesCount": link.DroppedAttributeCount})
	}
	parent := ""
	if span.Parent().SpanID().IsValid() {
		parent = span.Parent().SpanID().String()
	}
	scope := span.InstrumentationScope()
	return object{
		"traceId":                span.SpanContext().TraceID().String(),
		"spanId":                 span.SpanContext().SpanID().String(),
		"parentSpanId":           parent,
		"traceState":             span.SpanContext().TraceState().String(),
		"flags":                  flags(span.SpanContext().TraceFlags(), span.Parent()),
		"name":                   span.Name(),
		"kind":                   span.SpanKind().String(),
		"startUnixNano":          nanos(span.StartTime()),
		"endUnixNano":            nanos(span.EndTime()),
		"status":                 object{"code": strings.ToLower(span.Status().Code.String()), "message": span.Status().Description},
		"attributes":             attributesJSON(span.Attributes()),
		"droppedAttributesCount": span.DroppedAttributes(),
		"events":                 events,
		"droppedEventsCount":     span.DroppedEvents(),
		"links":                  links,
		"droppedLinksCount":      span.DroppedLinks(),
		"scope": object{"name": scope.Name, "version": scope.Version, "schemaUrl": scope.SchemaURL,
			"attributes": attributesJSON(scope.Attributes.ToSlice())},
		"resource": object{"attributes": attributesJSON(span.Resource().Attributes()), "schemaUrl": span.Resource().SchemaURL()},
	}
}
