{{- define "cocket.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "cocket.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "cocket.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "cocket.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cocket.webhook" -}}{{ include "cocket.fullname" . }}-webhook{{- end -}}
{{- define "cocket.operator" -}}{{ include "cocket.fullname" . }}-operator{{- end -}}
{{- define "cocket.report" -}}{{ include "cocket.fullname" . }}-report{{- end -}}
{{/* Something, where the operator serves the report. */}}
{{- define "cocket.reports" -}}
{{- if and .Values.report.enabled .Values.audit.enabled }}yes{{ end -}}
{{- end -}}
{{- define "cocket.tlsSecret" -}}
{{- default (printf "%s-tls" (include "cocket.fullname" .)) .Values.certificates.secretName -}}
{{- end -}}

{{/* Call with (dict "root" $ "component" "webhook"). */}}
{{- define "cocket.selector" -}}
app.kubernetes.io/name: {{ include "cocket.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "cocket.labels" -}}
{{ include "cocket.selector" . }}
app.kubernetes.io/part-of: cocket
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Cluster-wide objects of two releases must not have one name. */}}
{{- define "cocket.clusterName" -}}
{{- printf "%s-%s" .root.Release.Namespace .name -}}
{{- end -}}

{{- define "cocket.image" -}}
{{- $image := printf "%s/%s" .Values.image.registry .Values.image.repository -}}
{{- $tag := .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- with $tag }}{{ $image = printf "%s:%s" $image . }}{{ end -}}
{{- printf "%s@%s" $image .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image (default .Chart.AppVersion $tag) -}}
{{- end -}}
{{- end -}}

{{/* One in a cluster: two of them would ask two webhooks about every Pod. */}}
{{- define "cocket.webhookConfiguration" -}}cocket{{- end -}}
