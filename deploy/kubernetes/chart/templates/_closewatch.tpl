{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The name of everything: that of the release where it says closewatch, else both. */}}
{{- define "closewatch.name" -}}
{{- if contains "closewatch" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-closewatch" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a selector finds the pods by: never changed in a release, selectors cannot be. */}}
{{- define "closewatch.selector" -}}
app.kubernetes.io/name: closewatch
{{- if ne .Release.Name "closewatch" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- end -}}

{{- define "closewatch.labels" -}}
{{ include "closewatch.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- define "closewatch.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Not empty where metrics are pushed. */}}
{{- define "closewatch.pushes" -}}
{{- with .Values.settings.otlp }}{{ with .endpoint }}yes{{ end }}{{ end -}}
{{- end -}}

{{/* Who pushes: the pod and its node, and what the settings say on top. */}}
{{- define "closewatch.resource" -}}
{k8s.node.name: $(NODE_NAME), k8s.namespace.name: $(POD_NAMESPACE), k8s.pod.name: $(POD_NAME), k8s.pod.uid: $(POD_UID)
{{- range $key, $value := index .Values.settings.otlp "resource-attributes" }}, {{ $key }}: {{ $value }}{{ end }}}
{{- end -}}

{{/* The part that all three probes share. */}}
{{- define "closewatch.httpGet" -}}
path: {{ .path }}
port: metrics
scheme: {{ .root.Values.web.probes.scheme }}
{{- with .root.Values.web.probes.headers }}
httpHeaders:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
