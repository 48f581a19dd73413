# Images for those who build with Docker; `make build` made the static binaries.
#   docker build --target node -t redoubt-node . && docker build --target operator -t redoubt-operator .
FROM scratch AS operator
COPY bin/operator /operator
USER 10001:10001
ENTRYPOINT ["/operator"]

FROM scratch AS node
COPY bin/node /node
USER 10001:10001
ENTRYPOINT ["/node"]
