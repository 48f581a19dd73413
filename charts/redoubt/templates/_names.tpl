{{- define "redoubt.labels" -}}
app.kubernetes.io/name: redoubt-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "redoubt.selector" -}}
app.kubernetes.io/name: redoubt-operator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "redoubt.serviceAccount" -}}
{{ default .Release.Name .Values.serviceAccount.name }}
{{- end }}

{{- /* Roles and their bindings: in one namespace, or in none, those of releases in several may stand. */ -}}
{{- define "redoubt.role" -}}
{{ .Release.Namespace }}:{{ .Release.Name }}
{{- end }}

{{- define "redoubt.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end }}
