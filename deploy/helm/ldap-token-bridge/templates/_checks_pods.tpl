{{/* The Pods: how many, how they end. */}}
{{- define "bridge.problems.pods" -}}
{{- $problems := list -}}
{{- $replicas := .Values.autoscaling.enabled | ternary .Values.autoscaling.maxReplicas .Values.replicas | int -}}
{{- $store := (.Values.bridge.cache | default dict).shared | default "none" | ne "none" -}}
{{- $budget := or (.Values.bridge.guard | default dict).account_failures (hasKey .Values.secretEnv "LTB_GUARD__ACCOUNT_FAILURES") -}}
{{- if and (gt $replicas 1) (not (or $store $budget)) -}}
{{- $problems = append $problems (printf "%d replicas count wrong passwords each for itself: %d for one account would reach the directory in 15 minutes, and one that locks at 5 would lock people out. Let them count together in a store (bridge.cache.shared, sharedStore); or write bridge.guard.account_failures, as in 1 per 15m, with (the directory's threshold less 1) ÷ %d, less 1, for the number; or run one alone: replicas: 1, without autoscaling." $replicas (mul 3 $replicas) $replicas) -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- $problems = append $problems "autoscaling.minReplicas is larger than autoscaling.maxReplicas." -}}
{{- end -}}
{{- if le (int .Values.terminationGracePeriodSeconds) (int .Values.preStopSeconds) -}}
{{- $problems = append $problems "terminationGracePeriodSeconds must be longer than preStopSeconds, or requests under way are cut off." -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
