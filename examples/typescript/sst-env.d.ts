// What each link holds. SST writes this file itself, from sst.config.ts, on `sst dev` and `sst deploy`.

import 'sst';

declare module 'sst' {
  export interface Resource {
    Connections: { name: string; type: 'sst:aws:Dynamo' };
    MarketUpdates: { arn: string; type: 'sst:aws:SnsTopic' };
    WebSocket: { managementEndpoint: string; type: 'sst:aws:ApiGatewayWebSocket'; url: string };
  }
}
