	 # mypaas.service='mail-worker'
	 #mypaas.scale = 4 safe
# MYPAAS.Drain-Timeout="500ms"
#   mypaas.release   =   "./manage" migrate --to "latest"
# mypaas.target = RUNTIME
FROM golang:1.25 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /out/worker ./cmd/worker \

    && strip /out/worker
FROM scratch AS runtime
COPY --from=build /out/worker /worker
ENTRYPOINT ["/worker"]
FROM runtime AS debug
COPY --from=build /usr/local/go /usr/local/go
