-- The operations of Front's Core API that the mock keeps no state for, and the shapes of their bodies and answers, made
-- from Front's description (https://github.com/frontapp/front-api-specs). An operation is: method, path, status,
-- answer (a shape, list: or page: of a shape, file, or none), and behind < its body. engine/shapes.lua reads them.
return { operations = [[
POST /applications/{application_uid}/events 204 < @AppEvent
GET /knowledge_base_articles/{article_id} 200 @KnowledgeBaseArticleSlimResponse
DELETE /knowledge_base_articles/{article_id} 200 @KnowledgeBaseArticleSlimResponse
GET /knowledge_base_articles/{article_id}/content 200 @KnowledgeBaseArticleResponse
PATCH /knowledge_base_articles/{article_id}/content 200 @KnowledgeBaseArticleResponse <
  @KnowledgeBaseArticlePatch
GET /knowledge_base_articles/{article_id}/download/{attachment_id} 200 file
GET /knowledge_base_articles/{article_id}/locales/{locale}/content 200 @KnowledgeBaseArticleResponse
PATCH /knowledge_base_articles/{article_id}/locales/{locale}/content 200 @KnowledgeBaseArticleResponse <
  @KnowledgeBaseArticlePatch
GET /knowledge_base_categories/{category_id} 200 @KnowledgeBaseCategorySlimResponse
DELETE /knowledge_base_categories/{category_id} 204
GET /knowledge_base_categories/{category_id}/articles 200 page:KnowledgeBaseArticleSlimResponse
GET /knowledge_base_categories/{category_id}/content 200 @KnowledgeBaseCategoryResponse
PATCH /knowledge_base_categories/{category_id}/content 200 @KnowledgeBaseCategoryResponse <
  @KnowledgeBaseCategoryPatch
GET /knowledge_base_categories/{category_id}/locales/{locale}/content 200 @KnowledgeBaseCategoryResponse
PATCH /knowledge_base_categories/{category_id}/locales/{locale}/content 200 @KnowledgeBaseCategoryResponse <
  @KnowledgeBaseCategoryPatch
GET /knowledge_bases 200 list:KnowledgeBaseSlimResponse
POST /knowledge_bases 201 @KnowledgeBaseResponse < @KnowledgeBaseCreate
GET /knowledge_bases/{knowledge_base_id} 200 @KnowledgeBaseSlimResponse
GET /knowledge_bases/{knowledge_base_id}/articles 200 page:KnowledgeBaseArticleSlimResponse
POST /knowledge_bases/{knowledge_base_id}/articles 201 @KnowledgeBaseArticleResponse <
  @KnowledgeBaseArticleCreate
GET /knowledge_bases/{knowledge_base_id}/categories 200 page:KnowledgeBaseCategorySlimResponse
POST /knowledge_bases/{knowledge_base_id}/categories 201 @KnowledgeBaseCategoryResponse <
  @KnowledgeBaseCategoryCreate
GET /knowledge_bases/{knowledge_base_id}/content 200 @KnowledgeBaseResponse
PATCH /knowledge_bases/{knowledge_base_id}/content 200 @KnowledgeBaseResponse < @KnowledgeBasePatch
POST /knowledge_bases/{knowledge_base_id}/locales/{locale}/articles 201 @KnowledgeBaseArticleResponse <
  @KnowledgeBaseArticleCreate
POST /knowledge_bases/{knowledge_base_id}/locales/{locale}/categories 201 @KnowledgeBaseCategoryResponse <
  @KnowledgeBaseCategoryCreate
GET /knowledge_bases/{knowledge_base_id}/locales/{locale}/content 200 @KnowledgeBaseResponse
PATCH /knowledge_bases/{knowledge_base_id}/locales/{locale}/content 200 @KnowledgeBaseResponse <
  @KnowledgeBasePatch
GET /teammate_groups 200 list:TeammateGroupResponse
POST /teammate_groups 201 @TeammateGroupResponse < @CreateTeammateGroup
GET /teammate_groups/{teammate_group_id} 200 @TeammateGroupResponse
PATCH /teammate_groups/{teammate_group_id} 204 < @UpdateTeammateGroup
DELETE /teammate_groups/{teammate_group_id} 204
GET /teammate_groups/{teammate_group_id}/inboxes 200 list:InboxResponse
POST /teammate_groups/{teammate_group_id}/inboxes 204 < @InboxIds
DELETE /teammate_groups/{teammate_group_id}/inboxes 204 < @InboxIds
GET /teammate_groups/{teammate_group_id}/teammates 200 list:TeammateResponse
POST /teammate_groups/{teammate_group_id}/teammates 204 < @TeammateIds
DELETE /teammate_groups/{teammate_group_id}/teammates 204 < @TeammateIds
GET /teammate_groups/{teammate_group_id}/teams 200 list:TeamPreviewResponse
POST /teammate_groups/{teammate_group_id}/teams 204 < @TeamIds
DELETE /teammate_groups/{teammate_group_id}/teams 204 < @TeamIds
GET /teams/{team_id}/views 200 page:SharedViewResponse
POST /teams/{team_id}/views 201 @SharedViewResponse < @CreateView
GET /views 200 page:SharedViewResponse
GET /views/{view_id} 200 @SharedViewResponse
PATCH /views/{view_id} 204 < @UpdateView
POST /views/{view_id}/teammates 204 < {teammate_ids!:[s]}
]], shapes = [[
AppEvent {event_type!:s app_object!:{id:s ext_link:s}}
Attachment {id!:s filename!:s url!:s content_type!:s size!:i metadata!:{is_inline:b cid:s}}
CreateTeammateGroup {name!:s description:s permissions:{contacts:{access!:s contact_group_ids:[s]
  contact_list_ids:[s]}}}
CreateView {name!:s inbox_ids!:[s] tag_ids:[s] not_tag_ids:[s] no_tags:b assignee_ids:[s] not_assignee_ids:[s]
  highlight:s}
InboxIds {inbox_ids!:[s]}
InboxResponse {_links:{self:s related:{teammates:s conversations:s channels:s owner:s}} id:s name:s is_private:b
  is_public:b custom_fields:o}
KnowledgeBaseArticleCreate {category_id:s author_id:s subject:s content:s status:(draft|published)}
KnowledgeBaseArticlePatch {author_id:s subject:s content:s status:(draft|published)}
KnowledgeBaseArticleResponse {_links!:{self:s related:{knowledge_base:s category:s last_editor:s}} id!:s slug!:s
  name!:s status!:s keywords!:[s] content!:s locale!:s attachments!:[@Attachment] last_edited_at:n created_at:n
  updated_at:n}
KnowledgeBaseArticleSlimResponse {_links!:{self:s related:{knowledge_base:s category:s? content:s}} id!:s
  slug!:s locales!:[s] created_at:n updated_at:n}
KnowledgeBaseCategoryCreate {parent_category_id:s name!:s description:s}
KnowledgeBaseCategoryPatch {name:s description:s}
KnowledgeBaseCategoryResponse {_links!:{self:s related:{knowledge_base:s parent_category:s? articles:s}} id!:s
  name!:s? description!:s? is_hidden!:b locale!:(fr|en) created_at:n updated_at:n}
KnowledgeBaseCategorySlimResponse {_links!:{self:s related:{knowledge_base:s parent_category:s? articles:s}}
  id!:s slug!:s is_hidden!:b locales!:[s] created_at:n updated_at:n}
KnowledgeBaseCreate {name!:s type:(internal|external)}
KnowledgeBasePatch {name:s}
KnowledgeBaseResponse {_links!:{self:s related:{articles:s categories:s}} id!:s name!:s
  status!:(published|unpublished) type!:(internal|external) locale!:(fr|en) created_at:n updated_at:n}
KnowledgeBaseSlimResponse {_links!:{self:s related:{articles:s categories:s}} id!:s type!:(internal|external)
  locales!:[s] created_at:n updated_at:n}
SharedViewResponse {_links!:{self:s related:{owner:s?}} id!:s name!:s highlight!:s? inbox_ids!:[s] tag_ids!:[s]
  not_tag_ids!:[s] no_tags!:b assignee_ids!:[s] not_assignee_ids!:[s]}
TeamIds {team_ids!:[s]}
TeamPreviewResponse {_links!:{self:s} id!:s name!:s}
TeammateGroupResponse {_links!:{self:s related:{teammates:s teams:s inboxes:s}} id!:s name!:s description!:s?
  is_managed_by_scim!:b permissions!:{contacts:{access:s contact_list_ids:[s]}}}
TeammateIds {teammate_ids!:[s]}
TeammateResponse {_links!:{self:s related:{inboxes:s conversations:s botSource:s}} id!:s email!:s username!:s
  first_name!:s last_name!:s is_admin!:b is_available!:b is_blocked!:b
  type!:(user|visitor|ai|api|application|bulk_reply|csat|integration|macro|rule|smart_csat) custom_fields!:o}
UpdateTeammateGroup {name:s description:s permissions:{contacts:{access!:s contact_group_ids:[s]
  contact_list_ids:[s]}}}
UpdateView {name:s inbox_ids:[s] tag_ids:[s] not_tag_ids:[s] no_tags:b assignee_ids:[s] not_assignee_ids:[s]
  highlight:s}
]] }
