// What one types to connect an agent, as text. Pure, so that a test can run exactly what the page shows.
// Each way to connect is a list of steps; the steps of one language are one shell session, top to bottom.

export interface Target {
  /** This server's HTTPS address without a path. */
  url: string
  accessKey: string
  caFingerprint: string
  /** service.namespace: the application. */
  application: string
  environment: string
  /** service.name: the tier. */
  tier: string
}

export interface Step {
  title: string
  /** How it is shown and run. */
  language: 'shell' | 'go' | 'yaml'
  code: string
  remark?: string
}

export interface Way {
  id: 'python' | 'nodejs' | 'java' | 'go' | 'dotnet' | 'collector'
  label: string
  steps(target: Target): Step[]
}

export const CA_FILE = 'vedette-ca.pem'

/** The versions that examples/shop runs: one set. The newest of every part need not have been published together. */
export const PYTHON_VERSIONS = { distro: '0.66b1', exporter: '1.45.1' }
export const NODE_VERSIONS = { api: '1.9.1', agent: '0.81.2' }

/** Quoted for a POSIX shell: one word, whatever is in it. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A value inside OTEL_RESOURCE_ATTRIBUTES or OTEL_EXPORTER_OTLP_HEADERS: percent-encoded as OpenTelemetry wants it. */
export function encoded(value: string): string {
  return encodeURIComponent(value)
}

export function fetchCa(target: Target): Step {
  return {
    title: 'Get the CA of this server',
    language: 'shell',
    code: [`curl -sSfk -o ${CA_FILE} ${quoted(`${target.url}/ca.pem`)}`, `openssl x509 -in ${CA_FILE} -noout -fingerprint -sha256`].join('\n'),
    remark: `The fingerprint must be ${target.caFingerprint}`,
  }
}

/** The variables every agent reads, in the order people check them. */
export function environmentOf(target: Target): [string, string][] {
  const attributes = [`service.namespace=${encoded(target.application)}`, ...(target.environment ? [`deployment.environment.name=${encoded(target.environment)}`] : [])]
  return [
    ['OTEL_SERVICE_NAME', target.tier],
    ['OTEL_RESOURCE_ATTRIBUTES', attributes.join(',')],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', target.url],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_HEADERS', `x-api-key=${encoded(target.accessKey)}`],
    ['OTEL_TRACES_EXPORTER', 'otlp'],
    ['OTEL_METRICS_EXPORTER', 'otlp'],
    ['OTEL_LOGS_EXPORTER', 'otlp'],
  ]
}

function exportLines(pairs: [string, string][], raw: string[] = []): string {
  return [...pairs.map(([name, value]) => `export ${name}=${quoted(value)}`), ...raw].join('\n')
}

const certificate = `export OTEL_EXPORTER_OTLP_CERTIFICATE="$PWD/${CA_FILE}"`

function variables(target: Target, raw: string[], remark?: string): Step {
  return { title: 'Say where to report and as what', language: 'shell', code: exportLines(environmentOf(target), raw), remark }
}

const shell = (title: string, lines: string[], remark?: string): Step => ({ title, language: 'shell', code: lines.join('\n'), remark })

const python: Way = {
  id: 'python',
  label: 'Python',
  steps: (target) => [
    fetchCa(target),
    shell(
      'Install the agent',
      [`pip install opentelemetry-distro==${PYTHON_VERSIONS.distro} opentelemetry-exporter-otlp-proto-http==${PYTHON_VERSIONS.exporter}`, 'opentelemetry-bootstrap -a install'],
      'opentelemetry-bootstrap adds what your libraries need, in the version of opentelemetry-distro.',
    ),
    // The last: its host's name, which it does not tell by itself, and servers are known by.
    variables(target, [certificate, 'export OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true', 'export OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=otel,host']),
    shell('Start your program under it', ['opentelemetry-instrument python app.py'], 'Your own command goes behind opentelemetry-instrument: flask run, uvicorn app:app, celery -A app worker …'),
  ],
}

const nodejs: Way = {
  id: 'nodejs',
  label: 'Node.js',
  steps: (target) => [
    fetchCa(target),
    shell('Install the agent', [`npm install @opentelemetry/api@${NODE_VERSIONS.api} @opentelemetry/auto-instrumentations-node@${NODE_VERSIONS.agent}`]),
    variables(target, [certificate, `export NODE_EXTRA_CA_CERTS="$PWD/${CA_FILE}"`, `export NODE_OPTIONS="--require @opentelemetry/auto-instrumentations-node/register"`]),
    shell('Start your program', ['node app.js'], 'NODE_OPTIONS loads the agent before your program; nothing in it changes.'),
  ],
}

const java: Way = {
  id: 'java',
  label: 'Java',
  steps: (target) => [
    fetchCa(target),
    shell('Get the agent', ['curl -sSfLO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar']),
    variables(target, [certificate]),
    shell('Start your program with it', ['java -javaagent:opentelemetry-javaagent.jar -jar app.jar'], 'Where the command line is not yours: export JAVA_TOOL_OPTIONS="-javaagent:/path/to/opentelemetry-javaagent.jar"'),
  ],
}

const GO_MAIN = `package main

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	exporter, err := autoexport.NewSpanExporter(context.Background())
	if err != nil {
		panic(err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
	defer provider.Shutdown(context.Background())
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})

	handler := otelhttp.NewHandler(http.DefaultServeMux, "server") // your routes
	http.DefaultTransport = otelhttp.NewTransport(http.DefaultTransport)
	_ = http.ListenAndServe(":8080", handler)
}`

const go: Way = {
  id: 'go',
  label: 'Go',
  steps: (target) => [
    fetchCa(target),
    shell('Add the libraries', ['go get go.opentelemetry.io/contrib/exporters/autoexport go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp go.opentelemetry.io/otel/sdk']),
    { title: 'Start OpenTelemetry in main', language: 'go', code: GO_MAIN, remark: 'Go 1.25 or later. These lines report requests in and out, and read the variables below.' },
    variables(target, [certificate]),
    shell('Start your program', ['go run .']),
  ],
}

const dotnet: Way = {
  id: 'dotnet',
  label: '.NET',
  steps: (target) => [
    fetchCa(target),
    shell('Trust the CA on this machine', [`sudo cp ${CA_FILE} /usr/local/share/ca-certificates/vedette.crt`, 'sudo update-ca-certificates'], 'For .NET before 8 and agents before 1.14. Later ones read OTEL_EXPORTER_OTLP_CERTIFICATE and can do without this step.'),
    shell('Install the agent', ['curl -sSfLO https://github.com/open-telemetry/opentelemetry-dotnet-instrumentation/releases/latest/download/otel-dotnet-auto-install.sh', 'sh ./otel-dotnet-auto-install.sh']),
    variables(target, [certificate]),
    shell('Start your program with it', ['. "$HOME/.otel-dotnet-auto/instrument.sh"', 'dotnet app.dll'], 'dotnet run starts processes of the SDK under the agent as well; they would report as this tier.'),
  ],
}

/** A text in the Collector's configuration, where `$` begins a variable. */
function yamlText(text: string): string {
  return JSON.stringify(text).replaceAll('$', '$$$$')
}

function collectorYaml(target: Target): string {
  const attribute = (key: string, value: string) => `      - { key: ${key}, value: ${yamlText(value)}, action: insert }`
  return `receivers:
  otlp:
    protocols:
      grpc: { endpoint: 0.0.0.0:4317 }
      http: { endpoint: 0.0.0.0:4318 }
processors:
  batch: {}
  resource:
    attributes:
${[attribute('service.namespace', target.application), ...(target.environment ? [attribute('deployment.environment.name', target.environment)] : [])].join('\n')}
exporters:
  otlp_http/vedette:
    endpoint: ${yamlText(target.url)}
    headers: { x-api-key: ${yamlText(target.accessKey)} }
    tls: { ca_file: /etc/otelcol/${CA_FILE} }
service:
  pipelines:
    traces: { receivers: [otlp], processors: [resource, batch], exporters: [otlp_http/vedette] }
    metrics: { receivers: [otlp], processors: [resource, batch], exporters: [otlp_http/vedette] }
    logs: { receivers: [otlp], processors: [resource, batch], exporters: [otlp_http/vedette] }`
}

const collector: Way = {
  id: 'collector',
  label: 'Collector',
  steps: (target) => [
    fetchCa(target),
    shell('Put the CA where the Collector reads it', [`sudo install -D -m 0644 ${CA_FILE} /etc/otelcol/${CA_FILE}`]),
    { title: 'Export to Vedette: /etc/otelcol/config.yaml', language: 'yaml', code: collectorYaml(target), remark: 'The resource processor names the application only where an agent did not. Before 0.144 the exporter is called otlphttp.' },
    shell('Start it', ['otelcol --config /etc/otelcol/config.yaml']),
  ],
}

export const WAYS: Way[] = [python, nodejs, java, go, dotnet, collector]

/** The whole shell session of a way without its last step, as a test or a script would source it. */
export function setupScript(way: Way, target: Target): string {
  return way
    .steps(target)
    .slice(0, -1)
    .filter((step) => step.language === 'shell')
    .map((step) => step.code)
    .join('\n')
}
