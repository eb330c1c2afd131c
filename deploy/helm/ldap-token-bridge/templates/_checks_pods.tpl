{{/* The Pods: how many, how they end. */}}
{{- define "bridge.problems.pods" -}}
{{- $problems := list -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- $problems = append $problems "autoscaling.minReplicas is larger than autoscaling.maxReplicas." -}}
{{- end -}}
{{- if le (int .Values.terminationGracePeriodSeconds) (int .Values.preStopSeconds) -}}
{{- $problems = append $problems "terminationGracePeriodSeconds must be longer than preStopSeconds, or requests under way are cut off." -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
