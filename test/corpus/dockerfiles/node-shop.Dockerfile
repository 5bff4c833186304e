# syntax=docker/dockerfile:1.7
# check=skip=JSONArgsRecommended

# The shop. Deployed by hand, twice a week.
#
# mypaas.servicename = shop
# mypaas.domain = shop.example.com
# mypaas.domain = example.com/shop/
# mypaas.https = true
# mypaas.port = 3000
# mypaas.scale = 3
# mypaas.healthcheck = /healthz 5s 2s
#--- mypaas.scale = 0

ARG NODE=24
FROM node:${NODE}-slim AS base
WORKDIR /app
ENV NODE_ENV=production

FROM base AS modules
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev \
    # the cache keeps what npm downloaded
    && npm cache verify

FROM base AS build
COPY . .
# mypaas.build-arg = COMMIT=unknown
ARG COMMIT
RUN npm ci && npm run build -- --define "commit=${COMMIT:-none}"

FROM base
# mypaas.env = SESSION_SECRET
# mypaas.env = GREETING="good morning"
# mypaas.env = FEATURES=search,cart=2
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
CMD ["node", "dist/server.js"]
